"""OpenTelemetry GenAI spans as OTLP JSON, in the dialects that are in use.

Current names (messages as JSON), the older indexed ones and the older events, OpenInference, Vercel's and
pydantic-ai's. A span of a model call repeats the conversation so far, so the conversation of a trace is put
together from its spans; a span that encloses model calls of the same agent only repeats what they tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from peerpact.audit.importer import session_importer
from peerpact.audit.otel_dialects import (
    TIMES,
    Attributes,
    answered,
    asked,
    attributes,
    camels,
    event,
    langfuse_observation,
    printed,
    printed_log,
    traceloop_tool,
    with_events,
)
from peerpact.audit.replies import told
from peerpact.audit.settings import add_facts
from peerpact.audit.threads import Threads, sub_agent
from peerpact.audit.transcript import Draft, Transcript, arguments_of

__all__ = ["IMPORTER"]

MODEL = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.model.id")
AGENT = ("gen_ai.agent.name", "agent.name", "agent_name", "ai.telemetry.functionId")
TOOL = ("gen_ai.tool.name", "ai.toolCall.name", "tool.name", "tool_name")
TOOL_ID = ("gen_ai.tool.call.id", "ai.toolCall.id", "tool_call.id")
TOOL_INPUT = ("gen_ai.tool.call.arguments", "tool_arguments", "ai.toolCall.args", "input.value")
TOOL_OUTPUT = ("gen_ai.tool.call.result", "tool_response", "ai.toolCall.result", "output.value")

SNAKES = frozenset({"resource_spans", "resource_logs"})
NAMES = SNAKES | {"resourceSpans", "resourceLogs"}


def matches(value: Any) -> bool:
    """Whether ``value`` is an OTLP request with spans or log records, or a span that an SDK wrote out."""
    return isinstance(value, dict) and (
        any(isinstance(value.get(name), list) for name in NAMES)
        or _is_printed(value)
        or _is_printed_log(value)
    )


def _is_printed(value: Mapping[str, Any]) -> bool:
    context = value.get("context")
    return (
        isinstance(context, dict)
        and {"trace_id", "span_id"} <= context.keys()
        and "start_time" in value
    )


def _is_printed_log(value: Mapping[str, Any]) -> bool:
    return value.keys() >= {"body", "severity_number", "trace_id", "span_id", "attributes"}


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read the spans of a file, a trace at a time."""
    traces: dict[str, list[Mapping[str, Any]]] = {}
    events: dict[str, list[Mapping[str, Any]]] = {}
    for record in map(_spelled, records):
        for span in _scoped(record, "resourceSpans", "scopeSpans", "spans"):
            traces.setdefault(str(span.get("traceId")), []).append(span)
        for logged in _scoped(record, "resourceLogs", "scopeLogs", "logRecords"):
            events.setdefault(str(logged.get("traceId")), []).append(logged)
    for key in traces | events:
        yield _trace(key, traces.get(key, []), events.get(key, []), where)


def _spelled(record: Any) -> Any:
    """Return a request as OTLP's JSON spells it: programs write it with the names of the protocol or of an SDK."""
    if _is_printed(record):
        return {"resourceSpans": [{"scopeSpans": [{"spans": [printed(record)]}]}]}
    if _is_printed_log(record):
        return {"resourceLogs": [{"scopeLogs": [{"logRecords": [printed_log(record)]}]}]}
    return camels(record) if SNAKES.intersection(record) else record


def _scoped(record: Any, outer: str, middle: str, inner: str) -> Iterator[Mapping[str, Any]]:
    for resource in record.get(outer) or ():
        for scope in resource.get(middle) or ():
            yield from scope.get(inner) or ()


def _trace(
    key: str,
    spans: list[Mapping[str, Any]],
    events: list[Mapping[str, Any]],
    where: str,
) -> Transcript:
    draft = Draft()
    threads = Threads(draft)
    spans.sort(
        key=lambda s: (int(s.get("startTimeUnixNano") or 0), -int(s.get("endTimeUnixNano") or 0))
    )
    apart, logged = _by_span(events)
    read = {str(span.get("spanId")): _read(span, logged) for span in spans}
    parents = {str(span.get("spanId")): str(span.get("parentSpanId") or "") for span in spans}
    roots = [span for span in spans if parents[str(span.get("spanId"))] not in read]
    names = {id: str(_first(known, AGENT)) for id, known in read.items()}
    agents = {id: sub_agent(id, names, parents) for id in read}
    told = {id: (asked(known), answered(known)) for id, known in read.items()}
    repeats = _repeats([id for id in told if any(told[id])], agents, parents)
    for span in spans:
        id = str(span.get("spanId"))
        said = ([], []) if id in repeats else told[id]
        _add(draft, threads, span, read[id], agents[id], said)
    orphans = [found for id, found in logged.items() if id not in read]
    for group in (apart, *orphans):
        known = with_events({}, group)
        every = {key: value for one in group for key, value in one.items()}
        time, model = str(_first(every, TIMES)), str(_first(every, MODEL))
        threads.add(asked(known), "", time, model)
        threads.add(answered(known), "", time, model)
    for record in events:
        _add_label(draft, event(record))
    if any((span.get("status") or {}).get("code") in {2, "STATUS_CODE_ERROR"} for span in roots):
        draft.status = "failed"
    return draft.finish(key, f"{where}#{key}", "otel")


def _by_span(
    events: list[Mapping[str, Any]],
) -> tuple[list[Attributes], dict[str, list[Attributes]]]:
    """Return the log records of no span, and the others by their span."""
    apart: list[Attributes] = []
    logged: dict[str, list[Attributes]] = {}
    for record in events:
        id = str(record.get("spanId") or "")
        (logged.setdefault(id, []) if id else apart).append(event(record))
    return apart, logged


def _read(span: Mapping[str, Any], logged: Mapping[str, list[Attributes]]) -> Attributes:
    known = attributes(span)
    if known.get("traceloop.span.kind") == "tool":
        known = traceloop_tool(known)
    elif "langfuse.observation.type" in known:
        known = langfuse_observation(known, str(span.get("name") or ""))
    events = [event(one) for one in span.get("events") or ()]
    return with_events(known, events + logged.get(str(span.get("spanId")), []))


def _repeats(telling: list[str], agents: Mapping[str, str], parents: Mapping[str, str]) -> set[str]:
    """Return the spans that enclose a span of the same agent that tells what was said."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for id in telling:
        agent, up = agents[id], parents[id]
        while up in agents and (up, agent) not in seen:
            seen.add((up, agent))
            if agents[up] == agent:
                found.add(up)
            up = parents[up]
    return found


def _first(known: Attributes, names: tuple[str, ...]) -> Any:
    return next((known[name] for name in names if known.get(name) not in (None, "")), "")


def _add(
    draft: Draft,
    threads: Threads,
    span: Mapping[str, Any],
    known: Attributes,
    agent: str,
    said: tuple[Sequence[Any], Sequence[Any]],
) -> None:
    time = str(span.get("startTimeUnixNano") or "")
    model = str(_first(known, MODEL))
    if _first(known, TOOL) and known.get("gen_ai.operation.name") != "chat":
        _add_tool(draft, span, known, agent)
        return
    draft.agent = draft.agent or model
    for messages in said:
        threads.add(messages, agent, time, model)
    add_facts(draft, {k: v for k, v in known.items() if k != "model"})
    for one in span.get("events") or ():
        _add_label(draft, event(one))


def _add_tool(draft: Draft, span: Mapping[str, Any], known: Attributes, agent: str) -> None:
    name, id = str(_first(known, TOOL)), str(_first(known, TOOL_ID))
    arguments = arguments_of(_first(known, TOOL_INPUT))
    id = (
        id
        if id and draft.has_call(id)
        else draft.open_call(name, arguments)
        or draft.call(name, arguments, id, agent, str(span.get("startTimeUnixNano") or ""))
    )
    failed = (span.get("status") or {}).get("code") in {2, "STATUS_CODE_ERROR"}
    output, broken = told(_first(known, TOOL_OUTPUT))
    if failed or any(name in known for name in TOOL_OUTPUT):
        draft.reply(id, output, failed or broken)


def _add_label(draft: Draft, known: Attributes) -> None:
    name = known.get("gen_ai.evaluation.name")
    if name:
        value = known.get("gen_ai.evaluation.score.value")
        label = known.get("gen_ai.evaluation.score.label")
        draft.labels[str(name)] = label if value is None else value


IMPORTER = session_importer(
    "otel", "OpenTelemetry GenAI spans (OTLP JSON)", matches, transcripts, 24
)
