"""OpenTelemetry GenAI spans as OTLP JSON, in the dialects that are in use.

Current names (messages as JSON), the older indexed ones, OpenInference, Vercel's and pydantic-ai's. A span of a
model call repeats the conversation so far, so the conversation of a trace is put together from its spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.importer import session_importer
from peerpact.audit.otel_dialects import Attributes, answered, asked, attributes
from peerpact.audit.settings import add_facts
from peerpact.audit.threads import Threads
from peerpact.audit.transcript import Draft, Transcript, arguments_of, flat

__all__ = ["IMPORTER"]

MODEL = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.model.id")
AGENT = ("gen_ai.agent.name", "agent.name", "agent_name")
TOOL = ("gen_ai.tool.name", "ai.toolCall.name", "tool.name", "tool_name")
TOOL_ID = ("gen_ai.tool.call.id", "ai.toolCall.id", "tool_call.id")
TOOL_INPUT = ("gen_ai.tool.call.arguments", "tool_arguments", "ai.toolCall.args", "input.value")
TOOL_OUTPUT = ("gen_ai.tool.call.result", "tool_response", "ai.toolCall.result", "output.value")


def matches(value: Any) -> bool:
    """Whether ``value`` is an OTLP request with spans or log records."""
    return isinstance(value, dict) and (
        isinstance(value.get("resourceSpans"), list) or isinstance(value.get("resourceLogs"), list)
    )


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read the spans of a file, a trace at a time."""
    traces: dict[str, list[Mapping[str, Any]]] = {}
    events: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        for span in _scoped(record, "resourceSpans", "scopeSpans", "spans"):
            traces.setdefault(str(span.get("traceId")), []).append(span)
        for event in _scoped(record, "resourceLogs", "scopeLogs", "logRecords"):
            events.setdefault(str(event.get("traceId")), []).append(event)
    for key in traces | events:
        yield _trace(key, traces.get(key, []), events.get(key, []), where)


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
    read = {str(span.get("spanId")): attributes(span) for span in spans}
    parents = {str(span.get("spanId")): str(span.get("parentSpanId") or "") for span in spans}
    roots = [span for span in spans if parents[str(span.get("spanId"))] not in read]
    for span in spans:
        id = str(span.get("spanId"))
        _add(draft, threads, span, read[id], _agent(id, read, parents))
    for event in events:
        _add_label(draft, event)
    if any((span.get("status") or {}).get("code") in {2, "STATUS_CODE_ERROR"} for span in roots):
        draft.status = "failed"
    return draft.finish(key, f"{where}#{key}", "otel")


def _agent(id: str, read: Mapping[str, Attributes], parents: Mapping[str, str]) -> str:
    """Return the sub-agent that a span belongs to: the nearest agent that another agent encloses."""
    names: list[str] = []
    seen: set[str] = set()
    while id in read and id not in seen:
        seen.add(id)
        name = _first(read[id], AGENT)
        if name and (not names or names[-1] != name):
            names.append(str(name))
        id = parents.get(id, "")
    return names[0] if len(names) > 1 else ""


def _first(known: Attributes, names: tuple[str, ...]) -> Any:
    return next((known[name] for name in names if known.get(name) not in {None, ""}), "")


def _add(
    draft: Draft, threads: Threads, span: Mapping[str, Any], known: Attributes, agent: str
) -> None:
    time = str(span.get("startTimeUnixNano") or "")
    model = str(_first(known, MODEL))
    if _first(known, TOOL) and known.get("gen_ai.operation.name") != "chat":
        _add_tool(draft, span, known, agent)
        return
    draft.agent = draft.agent or model
    threads.add(asked(known), agent, time, model)
    threads.add(answered(known), agent, time, model)
    add_facts(draft, {k: v for k, v in known.items() if k != "model"})
    for event in span.get("events") or ():
        _add_label(draft, event)


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
    output = _first(known, TOOL_OUTPUT)
    if output or failed:
        draft.reply(id, flat(output), failed)


def _add_label(draft: Draft, event: Mapping[str, Any]) -> None:
    known = attributes(event)
    name = known.get("gen_ai.evaluation.name")
    if name:
        value = known.get("gen_ai.evaluation.score.value")
        label = known.get("gen_ai.evaluation.score.label")
        draft.labels[str(name)] = label if value is None else value


IMPORTER = session_importer(
    "otel", "OpenTelemetry GenAI spans (OTLP JSON)", matches, transcripts, 24
)
