"""The journal of an inquiry: its plan, and one line a reply, appended the moment it comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from peerpact.audit.inquiry.question import PROVIDER_ERROR, Reply
from peerpact.canonical import digest
from peerpact.design.journal import add_line, mend
from peerpact.errors import ResultsError
from peerpact.text import counted

__all__ = ["Replies"]

PLAN, LINES = "plan.json", "replies.jsonl"


@dataclass
class Replies:
    """The folder of one inquiry, open for appending."""

    folder: Path
    found: dict[str, Reply] = field(default_factory=dict)
    """By identity; a question that was asked again counts by its last reply."""
    spent: tuple[int, float] = (0, 0.0)
    """Tokens and US dollars of all that is there, questions that were asked again included."""
    retry: bool = False
    """Whether a question that a provider's error ended counts as not asked."""

    @classmethod
    def open(cls, folder: Path, plan: Mapping[str, Any], retry_errors: bool = False) -> Replies:
        """Open the folder of an inquiry, or make it.

        Args:
            folder: Where the replies lie.
            plan: What is asked, as plain values.
            retry_errors: Ask again what a provider's error ended.

        Raises:
            ResultsError: The folder holds another inquiry, or cannot be read or written.
        """
        frozen = {"digest": digest(plan), **plan}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / PLAN
            if path.exists():
                _same(orjson.loads(path.read_bytes()), frozen, folder)
            path.write_bytes(orjson.dumps(frozen, option=orjson.OPT_INDENT_2))
            mend(folder / LINES)
        except (OSError, orjson.JSONDecodeError) as e:
            raise ResultsError(f"{folder}: this results folder cannot be used ({e})") from e
        journal, tokens, cost = cls(folder, retry=retry_errors), 0, 0.0
        for reply in _read(folder / LINES):
            journal.found[reply.identity] = reply
            tokens, cost = tokens + reply.tokens_in + reply.tokens_out, cost + (reply.cost or 0.0)
        journal.spent = (tokens, cost)
        return journal

    @property
    def done(self) -> frozenset[str]:
        """Identities that are not asked again."""
        kept = (r for r in self.found.values() if not (self.retry and r.outcome == PROVIDER_ERROR))
        return frozenset(reply.identity for reply in kept)

    def append(self, reply: Reply) -> None:
        """Write one reply.

        Raises:
            ResultsError: The disk refuses; everything written before stays.
        """
        add_line(self.folder / LINES, reply.model_dump_json().encode(), "replies")
        self.found[reply.identity] = reply


def _read(path: Path) -> Iterator[Reply]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield Reply.model_validate_json(line)
            except ValidationError as e:
                raise ResultsError(
                    f"{path}:{number}: this is no reply ({counted(e.error_count(), 'fault')})"
                ) from e


def _same(old: Any, new: Mapping[str, Any], folder: Path) -> None:
    if not isinstance(old, dict) or old.get("digest") != new["digest"]:
        before = old if isinstance(old, dict) else {}
        changed = [key for key in new if key != "digest" and before.get(key) != new[key]]
        raise ResultsError(
            f"{folder}: these are the replies to another inquiry; changed: {', '.join(changed)}; "
            "replies are never mixed: name another folder with --log-dir"
        )
