"""Inspect Scout's transcript database: parquet files, whatever source Scout filled them from.

Phoenix, LangSmith, Logfire and Weave are read this way: Scout fetches from them, and this reads what it stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.dialects import add_message
from peerpact.audit.importer import Importer, Item, guarded
from peerpact.audit.parquet import columns, is_parquet, rows
from peerpact.audit.reading import Source, parse
from peerpact.audit.settings import add_facts
from peerpact.audit.transcript import Draft, Transcript, Unread
from peerpact.errors import ImportFailure

__all__ = ["IMPORTER"]

NEEDED = frozenset({"transcript_id", "source_type", "messages"})
KNOWN = frozenset({"messages", "events", "timelines", "events_data", "model"})


def recognise(source: Source) -> bool:
    """Whether the source is a part of such a database."""
    return is_parquet(source) and columns(source) >= NEEDED


def read(source: Source) -> Iterator[Item]:
    """Read every row."""
    for where, row in rows(source):
        if isinstance(row, Unread):
            yield row
        else:
            yield from guarded(_transcript, (row, source), where)


def _transcript(pair: tuple[Mapping[str, Any], Source], where: str) -> Iterator[Transcript]:
    row, source = pair
    draft = Draft()
    draft.agent = str(row.get("model") or row.get("agent") or "")
    for message in _messages(row, source):
        add_message(draft, message)
    add_facts(draft, {key: value for key, value in row.items() if key not in KNOWN})
    if row.get("error"):
        draft.status = "failed"
    ours = str(row["source_type"]).startswith("peerpact_") and row.get("source_id")
    yield draft.finish(str(ours or row["transcript_id"]), where, "scout")


def _messages(row: Mapping[str, Any], source: Source) -> list[Any]:
    try:
        found = parse(str(row["messages"] or "[]").encode(), source.limits)
    except ImportFailure as e:
        raise ValueError(str(e)) from e
    if not isinstance(found, list):
        raise TypeError("messages are no list")
    return found


IMPORTER = Importer("scout", "Inspect Scout's transcript database", recognise, read, 12)
