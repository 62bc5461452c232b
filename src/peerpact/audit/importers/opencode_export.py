"""What `opencode export` prints: a session with its messages and their parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peerpact.audit.importer import document_importer
from peerpact.audit.opencode_parts import Session
from peerpact.audit.transcript import Transcript

__all__ = ["IMPORTER"]


def matches(value: Any) -> bool:
    """Whether ``value`` is a session with its messages."""
    if not isinstance(value, dict) or not isinstance(value.get("info"), dict):
        return False
    messages = value.get("messages")
    if not isinstance(messages, list) or "id" not in value["info"]:
        return False
    return not messages or {"info", "parts"} <= set(messages[0])


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one session."""
    session = Session(value["info"])
    for message in value["messages"]:
        session.add(message["info"], message["parts"])
    yield session.finish(where)


IMPORTER = document_importer(
    "opencode_export", "OpenCode's exported sessions", matches, transcripts, 28
)
