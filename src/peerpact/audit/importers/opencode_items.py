"""What `opencode run --format json` prints: the parts of a session's answers, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peerpact.audit.importer import session_importer
from peerpact.audit.opencode_parts import Session
from peerpact.audit.transcript import Transcript

__all__ = ["IMPORTER"]


def matches(value: Any) -> bool:
    """Whether ``value`` is a part that was printed."""
    if not isinstance(value, dict) or not isinstance(value.get("part"), dict):
        return False
    return {"type", "sessionID"} <= value.keys() and "messageID" in value["part"]


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read each session."""
    sessions: dict[str, Session] = {}
    for record in records:
        id = str(record.get("sessionID") or "")
        session = sessions.setdefault(id, Session({"id": id}))
        message = {"role": "assistant", "time": {"created": record.get("timestamp")}}
        if record.get("type") == "error":
            session.add({**message, "error": record.get("error") or True}, ())
        elif isinstance(part := record.get("part"), dict):
            session.add(message, [part])
    for session in sessions.values():
        yield session.finish(where)


IMPORTER = session_importer("opencode_items", "what OpenCode prints", matches, transcripts, 29)
