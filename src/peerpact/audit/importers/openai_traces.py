"""The traces of OpenAI's Agents SDK, as it hands them to whoever wants to keep them: a span each, one a line.

What a response held that OpenAI stores is not in them; the tools that were called are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from peerpact.audit.importer import session_importer
from peerpact.audit.importers import otel
from peerpact.audit.transcript import Transcript

__all__ = ["IMPORTER"]

KINDS = frozenset({"trace", "trace.span"})
NAMES: Mapping[str, Mapping[str, str]] = {
    "agent": {"name": "gen_ai.agent.name"},
    "generation": {
        "model": "gen_ai.request.model",
        "input": "gen_ai.input.messages",
        "output": "gen_ai.output.messages",
    },
    "function": {
        "name": "gen_ai.tool.name",
        "input": "gen_ai.tool.call.arguments",
        "output": "gen_ai.tool.call.result",
    },
}
"""What the data of a span of each type is called in OpenTelemetry."""
STORED = "what the model said is kept by its provider, under the ids of its responses"


def matches(value: Any) -> bool:
    """Whether ``value`` is a trace or a span of one."""
    return isinstance(value, dict) and value.get("object") in KINDS and "id" in value


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read the spans of a file, a trace at a time."""
    spans = [record for record in records if isinstance(record.get("span_data"), dict)]
    stored = {str(s.get("trace_id")) for s in spans if s["span_data"].get("type") == "response"}
    for found in otel.transcripts(list(map(_as_printed, spans)), where):
        notes = (*found.notes, STORED) if found.id in stored else found.notes
        yield replace(found, format="openai_traces", notes=notes)


def _as_printed(span: Mapping[str, Any]) -> dict[str, Any]:
    """Return a span as the SDK of OpenTelemetry writes one out."""
    data = span["span_data"]
    names = NAMES.get(str(data.get("type")), {})
    return {
        "context": {"trace_id": span.get("trace_id"), "span_id": span.get("id")},
        "parent_id": span.get("parent_id"),
        "start_time": span.get("started_at"),
        "end_time": span.get("ended_at"),
        "status": {"status_code": "ERROR" if span.get("error") else "UNSET"},
        "attributes": {name: data[key] for key, name in names.items() if data.get(key) is not None},
    }


IMPORTER = session_importer(
    "openai_traces", "traces of OpenAI's Agents SDK", matches, transcripts, 23
)
