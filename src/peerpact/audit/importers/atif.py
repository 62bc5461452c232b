"""ATIF, the trajectories of Harbor: numbered steps with calls and observations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from peerpact.audit.importer import document_importer
from peerpact.audit.settings import add_settings
from peerpact.audit.transcript import Draft, Transcript, flat

__all__ = ["IMPORTER"]

ROLES = {"agent": "assistant", "user": "user", "system": "system"}


def matches(value: Any) -> bool:
    """Whether ``value`` is an ATIF trajectory."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("steps"), list)
        and (str(value.get("schema_version", "")).startswith("ATIF") or "agent" in value)
    )


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one trajectory, with those of sub-agents that it holds."""
    draft = Draft()
    agent = value.get("agent") or {}
    add_settings(draft, value)
    draft.agent = str(agent.get("model_name") or agent.get("name") or draft.agent)
    held = list(_held(value))
    known = {name for name, _ in held}
    for name, one in held:
        for step in one["steps"]:
            _add(draft, step, name, known)
    if any(step.get("is_copied_context") for _, one in held for step in one["steps"]):
        draft.note("it begins with steps that are copied from an earlier trajectory")
    if later := value.get("continued_trajectory_ref"):
        draft.note(f"it goes on in a file of its own: {later}")
    yield draft.finish(str(value.get("session_id") or where), where, "atif")


def _held(value: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give a trajectory and those inside it, each with the name of its sub-agent."""
    waiting = [("", value)]
    while waiting:
        name, one = waiting.pop(0)
        yield name, one
        for inner in one.get("subagent_trajectories") or ():
            named = inner.get("trajectory_id") or (inner.get("agent") or {}).get("name")
            waiting.append((str(named or "sub-agent"), inner))


def _add(draft: Draft, step: Mapping[str, Any], name: str, known: Set[str]) -> None:
    role = ROLES.get(str(step.get("source")), "user")
    time, extra = str(step.get("timestamp") or ""), step.get("extra") or {}
    agent = name
    if extra.get("is_sidechain"):
        agent = str(extra.get("agent_id") or "side chain")
    text, thought = flat(step.get("message")), flat(step.get("reasoning_content"))
    draft.say(role, text, thought, agent, str(step.get("model_name") or ""), time)
    for call in step.get("tool_calls") or ():
        id = str(call.get("tool_call_id") or "")
        draft.call(str(call.get("function_name")), call.get("arguments"), id, agent, time)
    for result in (step.get("observation") or {}).get("results") or ():
        text = flat(result.get("content"))
        for reference in result.get("subagent_trajectory_ref") or ():
            _note(draft, reference, known)
        draft.say("tool", text, "", agent, "", time)
        failed = (result.get("extra") or {}).get("tool_result_is_error") is True
        draft.reply(str(result.get("source_call_id") or ""), text, failed)


def _note(draft: Draft, reference: Any, known: Set[str]) -> None:
    """Say where a sub-agent's trajectory is that is not held here."""
    keys = ("trajectory_id", "trajectory_path", "session_id")
    if isinstance(reference, Mapping):
        names = [str(reference[key]) for key in keys if reference.get(key)]
    else:
        names = [str(reference)]
    if known.isdisjoint(names):
        draft.note(
            f"a sub-agent's trajectory is in a file of its own: {(names or ['unnamed'])[-1]}"
        )


IMPORTER = document_importer("atif", "ATIF trajectories", matches, transcripts, 30)
