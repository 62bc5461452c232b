"""Langfuse exports: a trace with its observations, and scores as labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.dialects import is_message
from peerpact.audit.importer import document_importer
from peerpact.audit.settings import add_facts
from peerpact.audit.threads import Threads
from peerpact.audit.transcript import Draft, Transcript, arguments_of, flat

__all__ = ["IMPORTER"]


def matches(value: Any) -> bool:
    """Whether ``value`` is a trace with its observations."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("observations"), list)
        and ("trace" in value or "id" in value)
    )


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one trace."""
    inner = value.get("trace")
    trace: Mapping[str, Any] = inner if isinstance(inner, dict) else value
    draft = Draft()
    threads = Threads(draft)
    observations = [o for o in value["observations"] if isinstance(o, dict)]
    names = {str(o.get("id")): _agent(o) for o in observations}
    for observation in sorted(observations, key=lambda o: str(o.get("startTime") or "")):
        agent = names.get(str(observation.get("parentObservationId")), "")
        _add(draft, threads, observation, agent)
    add_facts(draft, trace.get("metadata") or {})
    for score in value.get("scores") or trace.get("scores") or ():
        if isinstance(score, dict):
            draft.labels[str(score.get("name"))] = score.get("value", score.get("stringValue"))
    yield draft.finish(str(trace.get("id") or where), where, "langfuse")


def _agent(observation: Mapping[str, Any]) -> str:
    return str(observation.get("name") or "") if observation.get("type") == "AGENT" else ""


def _add(draft: Draft, threads: Threads, observation: Mapping[str, Any], agent: str) -> None:
    kind, time = observation.get("type"), str(observation.get("startTime") or "")
    model = str(observation.get("model") or "")
    if kind == "GENERATION":
        threads.add(_messages(observation.get("input"), "user"), agent, time, model)
        threads.add(_messages(observation.get("output"), "assistant"), agent, time, model)
        draft.agent = draft.agent or model
    elif kind == "TOOL":
        _add_tool(draft, observation, agent, time)
    if observation.get("level") == "ERROR" and not observation.get("parentObservationId"):
        draft.status = "failed"


def _add_tool(draft: Draft, observation: Mapping[str, Any], agent: str, time: str) -> None:
    name, arguments = str(observation.get("name")), arguments_of(observation.get("input"))
    id = draft.open_call(name, arguments) or draft.call(name, arguments, "", agent, time)
    draft.reply(id, flat(observation.get("output")), observation.get("level") == "ERROR")


def _messages(value: Any, role: str) -> list[Any]:
    if isinstance(value, Mapping) and isinstance(value.get("messages"), list):
        return list(value["messages"])
    if isinstance(value, Mapping) and is_message(value):
        return [value]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return list(value)
    return [{"role": role, "content": flat(value)}] if value else []


IMPORTER = document_importer("langfuse", "Langfuse exports", matches, transcripts, 25)
