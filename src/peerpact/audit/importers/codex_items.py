"""What `codex exec --json` prints: items of one thread, each told when it starts and when it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.importer import session_importer
from peerpact.audit.replies import told
from peerpact.audit.transcript import Draft, Transcript, flat

__all__ = ["IMPORTER"]


def matches(value: Any) -> bool:
    """Whether ``value`` is the start of a thread or one of its items."""
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    return (kind == "thread.started" and "thread_id" in value) or (
        kind == "item.completed" and isinstance(value.get("item"), dict)
    )


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read one thread."""
    draft, id = Draft(), ""
    for record in records:
        kind = record.get("type")
        if kind == "thread.started":
            id = str(record.get("thread_id") or "")
        elif kind == "item.completed":
            _add(draft, record["item"])
        elif kind in {"turn.failed", "error"}:
            draft.status = "failed"
    yield draft.finish(id or where, where, "codex_items")


def _add(draft: Draft, item: Mapping[str, Any]) -> None:
    kind = item.get("type") or item.get("item_type")
    if kind in {"agent_message", "assistant_message"}:
        draft.say("assistant", flat(item.get("text")))
    elif kind == "reasoning":
        draft.say("assistant", "", flat(item.get("text")))
    elif kind == "command_execution":
        failed = item.get("exit_code") not in {0, None}
        _add_call(draft, item, "shell", {"command": item.get("command")}, failed)
    elif kind == "file_change":
        for change in item.get("changes") or ():
            _add_call(draft, {}, f"{change.get('kind')}_file", {"path": change.get("path")})
    elif kind == "mcp_tool_call":
        name = f"{item.get('server')}__{item.get('tool')}"
        _add_call(draft, item, name, item.get("arguments"), bool(item.get("error")))


def _add_call(
    draft: Draft, item: Mapping[str, Any], name: str, arguments: Any, failed: bool = False
) -> None:
    draft.say("assistant", "")
    id = draft.call(name, arguments, str(item.get("id") or ""))
    if item:
        printed = item.get("aggregated_output")
        text, bad = (printed, False) if printed else told(item.get("result") or item.get("error"))
        draft.say("tool", text)
        draft.reply(id, text, failed or bad)


IMPORTER = session_importer("codex_items", "what Codex CLI prints", matches, transcripts, 23)
