"""Langfuse's table of observations: a row each with its trace, in either spelling of the names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from peerpact.audit.importer import session_importer
from peerpact.audit.importers.langfuse import trace_of
from peerpact.audit.transcript import Transcript

__all__ = ["IMPORTER"]

NEEDED = ("type", "input", "output")
NAMES = {"providedModelName": "model"}


def matches(value: Any) -> bool:
    """Whether ``value`` is one observation."""
    if not isinstance(value, dict) or not all(key in value for key in NEEDED):
        return False
    return ("traceId" in value and "startTime" in value) or (
        "trace_id" in value and "start_time" in value
    )


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read the observations of a file, a trace at a time."""
    traces: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        row = {_camel(key): found for key, found in record.items()}
        traces.setdefault(str(row.get("traceId")), []).append(row)
    for key, rows in traces.items():
        found = trace_of({"id": key}, {"observations": rows}, f"{where}#{key}")
        yield replace(found, format="langfuse_rows")


def _camel(key: str) -> str:
    spelled = re.sub(r"_([a-z])", lambda found: found[1].upper(), key)
    return NAMES.get(spelled, spelled)


IMPORTER = session_importer(
    "langfuse_rows", "Langfuse's table of observations", matches, transcripts, 27
)
