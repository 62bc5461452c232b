"""What `gemini --output-format` prints: messages, calls and results, one a line, or the last answer alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.dialects import role_of
from peerpact.audit.importer import session_importer
from peerpact.audit.replies import told
from peerpact.audit.transcript import Draft, Transcript

__all__ = ["IMPORTER"]

ALONE = frozenset({"session_id", "response", "stats"})
"""What is printed where only the last answer is asked for."""


def matches(value: Any) -> bool:
    """Whether ``value`` is the first line of what is printed, or the last answer."""
    if not isinstance(value, dict):
        return False
    started = value.get("type") == "init" and {"session_id", "model"} <= value.keys()
    return started or value.keys() >= ALONE


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read one session."""
    draft, id = Draft(), ""
    for position, record in enumerate(records):
        id = id or str(record.get("session_id") or "")
        kind = record.get("type")
        if position and record.get("delta") and _goes_on(records[position - 1]):
            said = draft.messages[-1]
            draft.messages[-1] = said._replace(text=said.text + str(record.get("content") or ""))
        elif kind == "message":
            _say(draft, role_of(record.get("role")), record.get("content"), record)
        elif kind == "tool_use":
            _add_call(draft, record)
        elif kind == "tool_result":
            _add_result(draft, record)
        else:
            _add_course(draft, record)
    yield draft.finish(id or where, where, "gemini_items")


def _goes_on(before: Mapping[str, Any]) -> bool:
    """Whether the line before is a piece of the same message."""
    return before.get("type") == "message" and before.get("delta") is True


def _say(draft: Draft, role: str, text: Any, record: Mapping[str, Any]) -> None:
    draft.say(role, str(text or ""), "", "", "", str(record.get("timestamp") or ""))


def _add_call(draft: Draft, record: Mapping[str, Any]) -> None:
    _say(draft, "assistant", "", record)
    id, time = str(record.get("tool_id") or ""), str(record.get("timestamp") or "")
    draft.call(str(record.get("tool_name")), record.get("parameters"), id, "", time)


def _add_result(draft: Draft, record: Mapping[str, Any]) -> None:
    text, failed = told(record.get("output") or record.get("error"))
    _say(draft, "tool", text, record)
    draft.reply(str(record.get("tool_id") or ""), text, failed or record.get("status") == "error")


def _add_course(draft: Draft, record: Mapping[str, Any]) -> None:
    """Take the model, how the session ended, and the answer that was printed alone."""
    models = (record.get("stats") or {}).get("models") or {}
    draft.agent = draft.agent or str(record.get("model") or next(iter(models), ""))
    if record.get("response"):
        _say(draft, "assistant", record["response"], record)
    if record.get("status") == "error" or record.get("error"):
        draft.status = "failed"


IMPORTER = session_importer("gemini_items", "what Gemini CLI prints", matches, transcripts, 23)
