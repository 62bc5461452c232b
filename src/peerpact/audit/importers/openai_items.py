"""Items of OpenAI's Responses, as the Agents SDK keeps them.

A list of items is one conversation, and so are lines of one item each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from peerpact.audit.dialects import add_item, is_message
from peerpact.audit.importer import Importer, Item, guarded, records
from peerpact.audit.reading import Source
from peerpact.audit.transcript import Draft, Transcript, Unread

__all__ = ["IMPORTER"]

OPENING = 50
"""Items of which one must be more than a message, which chats of every vendor have."""
ENDS = ("_call", "_call_output")


def transcripts(items: list[Any], where: str) -> Iterator[Transcript]:
    """Read the items of one conversation."""
    draft = Draft()
    for item in items:
        if isinstance(item, dict):
            add_item(draft, item)
        else:
            draft.note("items that are no records were left out")
    yield draft.finish(where, where, "openai_items")


def recognise(source: Source) -> bool:
    """Whether the source is a list of items, or holds one a line, or such a list."""
    value = source.value
    if isinstance(value, list):
        return _is_items(value[0] if value and isinstance(value[0], list) else value)
    if source.shape != "lines" or not (is_message(value) or _is_item(value)):
        return False
    return _is_items([one for _, one in islice(records(source), OPENING)])


def _is_items(values: list[Any]) -> bool:
    opening = [value for value in values[:OPENING] if isinstance(value, dict)]
    return any(map(_is_item, opening)) and all(is_message(v) or _is_item(v) for v in opening)


def _is_item(value: Any) -> bool:
    """Whether ``value`` is a call, its output or a thought."""
    if not isinstance(value, dict) or "role" in value:
        return False
    kind = str(value.get("type"))
    if kind == "reasoning":
        return "summary" in value
    return kind.endswith(ENDS) and ("call_id" in value or "id" in value)


def read(source: Source) -> Iterator[Item]:
    """Read each list, and what stands outside of lists as one conversation."""
    if source.shape == "lines" and source.path.stat().st_size > source.limits.session:
        yield Unread(source.label, "session too long")
        return
    loose: list[Any] = []
    for where, value in records(source):
        if isinstance(value, Unread):
            yield value
        elif isinstance(value, list):
            yield from guarded(transcripts, value, where)
        elif isinstance(value, dict):
            loose.append(value)
        else:
            yield Unread(where, "not a record")
    if loose:
        yield from guarded(transcripts, loose, source.label)


IMPORTER = Importer("openai_items", "items of OpenAI's Responses", recognise, read, 52)
