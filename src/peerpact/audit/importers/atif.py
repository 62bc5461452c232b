"""ATIF, the trajectories of Harbor: numbered steps with calls and observations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    """Read one trajectory."""
    draft = Draft()
    agent = value.get("agent") or {}
    add_settings(draft, value)
    draft.agent = str(agent.get("model_name") or agent.get("name") or draft.agent)
    for step in value["steps"]:
        _add(draft, step)
    yield draft.finish(str(value.get("session_id") or where), where, "atif")


def _add(draft: Draft, step: Mapping[str, Any]) -> None:
    role = ROLES.get(str(step.get("source")), "user")
    time = str(step.get("timestamp") or "")
    text, thought = flat(step.get("message")), flat(step.get("reasoning_content"))
    draft.say(role, text, thought, "", str(step.get("model_name") or ""), time)
    for call in step.get("tool_calls") or ():
        id = str(call.get("tool_call_id") or "")
        draft.call(str(call.get("function_name")), call.get("arguments"), id, "", time)
    for result in (step.get("observation") or {}).get("results") or ():
        text = flat(result.get("content"))
        for reference in result.get("subagent_trajectory_ref") or ():
            name = reference.get("session_id") if isinstance(reference, Mapping) else reference
            draft.notes.append(f"a sub-agent's trajectory is in a file of its own: {name}")
        draft.say("tool", text, "", "", "", time)
        draft.reply(str(result.get("source_call_id") or ""), text)


IMPORTER = document_importer("atif", "ATIF trajectories", matches, transcripts, 30)
