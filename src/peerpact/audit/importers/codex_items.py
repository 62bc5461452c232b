"""What `codex exec --json` prints: items of one thread, each told when it starts and when it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.codex_steps import add_step
from peerpact.audit.importer import session_importer
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
    else:
        add_step(draft, item)


IMPORTER = session_importer("codex_items", "what Codex CLI prints", matches, transcripts, 23)
