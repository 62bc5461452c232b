"""Plain JSON: a conversation is a list of messages, or an object that holds one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peerpact.audit.dialects import add_message, is_message
from peerpact.audit.importer import document_importer
from peerpact.audit.prompts import answers, beside
from peerpact.audit.settings import ID_KEYS, add_settings
from peerpact.audit.transcript import Draft, Transcript
from peerpact.audit.usual import skimmed

__all__ = ["IMPORTER"]

KEYS = (
    "messages",
    "conversation",
    "conversations",
    "contents",
    "history",
    "traj",
    "transcript",
    "turns",
    "dialogue",
)


def matches(value: Any) -> bool:
    """Whether ``value`` is a conversation."""
    if isinstance(value, list):
        return bool(value) and is_message(value[0])
    return isinstance(value, dict) and _key(value) is not None


def _key(value: dict[str, Any]) -> str | None:
    for key in KEYS:
        found = value.get(key)
        if isinstance(found, list) and (not found or is_message(found[0])):
            return key
    return None


def transcripts(value: Any, where: str) -> Iterator[Transcript]:
    """Read one conversation."""
    draft = Draft()
    if isinstance(value, list):
        messages, record = value, {}
    else:
        messages, record = value[_key(value)], value
    lead = beside(record, messages)
    last = answers(record, messages)
    talk = None if lead or last else skimmed(messages)
    for message in (*lead, *messages, *last) if talk is None else ():
        add_message(draft, message)
    add_settings(draft, record)
    id = next((str(record[key]) for key in ID_KEYS if record.get(key)), where)
    yield draft.finish(id, where, "plain", talk)


IMPORTER = document_importer("plain", "plain JSON conversations", matches, transcripts, 90)
