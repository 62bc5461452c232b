"""Langfuse exports: a trace with its observations, and scores as labels; a list of traces, or a trace alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from peerpact.audit.dialects import is_message
from peerpact.audit.importer import document_importer
from peerpact.audit.prompts import beside
from peerpact.audit.replies import passed, told
from peerpact.audit.settings import add_facts
from peerpact.audit.threads import Threads, sub_agent
from peerpact.audit.transcript import Draft, Transcript, arguments_of, flat

__all__ = ["IMPORTER", "trace_of"]

ALONE = frozenset({"name", "timestamp", "input", "output"})
"""What a trace has that was exported without its observations."""


def matches(value: Any) -> bool:
    """Whether ``value`` is a trace with its observations."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("data"), list) and value["data"]:
        return "meta" in value and matches(value["data"][0])
    if isinstance(value.get("observations"), list):
        return "trace" in value or "id" in value
    return value.keys() >= ALONE and not value.keys().isdisjoint({"sessionId", "projectId"})


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one trace, or the traces of one page."""
    if isinstance(value.get("data"), list) and "observations" not in value:
        for number, one in enumerate(value["data"]):
            yield from transcripts(one, f"{where}[{number}]")
        return
    inner = value.get("trace")
    yield trace_of(inner if isinstance(inner, dict) else value, value, where)


def trace_of(trace: Mapping[str, Any], value: Mapping[str, Any], where: str) -> Transcript:
    """Read a trace whose observations and scores are in ``value``."""
    draft = Draft()
    threads = Threads(draft)
    observations = [o for o in value.get("observations") or () if isinstance(o, dict)]
    names = {str(o.get("id")): _agent(o) for o in observations}
    parents = {str(o.get("id")): str(o.get("parentObservationId") or "") for o in observations}
    for observation in sorted(observations, key=lambda o: str(o.get("startTime") or "")):
        agent = sub_agent(str(observation.get("id")), names, parents)
        _add(draft, threads, observation, agent)
    if not draft.messages:
        threads.add(_messages(trace.get("input"), "user"))
        threads.add(_messages(trace.get("output"), "assistant"))
    metadata = _json(trace.get("metadata"))
    add_facts(draft, metadata if isinstance(metadata, dict) else {})
    for score in value.get("scores") or trace.get("scores") or ():
        if isinstance(score, dict):
            draft.labels[str(score.get("name"))] = score.get("value", score.get("stringValue"))
    return draft.finish(str(trace.get("id") or where), where, "langfuse")


def _agent(observation: Mapping[str, Any]) -> str:
    metadata = _json(observation.get("metadata"))
    named = metadata.get("lc_agent_name") if isinstance(metadata, Mapping) else None
    return str(
        named or (observation.get("name") if observation.get("type") == "AGENT" else "") or ""
    )


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
    name, arguments = str(observation.get("name")), passed(arguments_of(observation.get("input")))
    output, failed = told(observation.get("output"))
    id = draft.open_call(name, arguments) or draft.call(name, arguments, "", agent, time)
    draft.reply(id, output, failed or observation.get("level") == "ERROR")


def _json(value: Any) -> Any:
    """Return what a text that is JSON means: exported tables hold values as text."""
    if not isinstance(value, str) or value[:1] not in {"{", "[", '"'}:
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _messages(value: Any, role: str) -> list[Any]:
    value = _json(value)
    if isinstance(value, Mapping) and isinstance(value.get("messages"), list):
        return [*beside(value, value["messages"]), *value["messages"]]
    if isinstance(value, Mapping) and is_message(value):
        return [value]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return list(value)
    return [{"role": role, "content": flat(value)}] if value else []


IMPORTER = document_importer("langfuse", "Langfuse exports", matches, transcripts, 25)
