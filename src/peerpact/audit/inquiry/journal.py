"""The journal of an inquiry: its plan, and one line a reply, appended the moment it comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from peerpact.audit.inquiry.question import PROVIDER_ERROR, Question, Reply
from peerpact.canonical import digest
from peerpact.design.journal import add_line, mend
from peerpact.errors import ResultsError
from peerpact.text import counted

__all__ = ["Replies"]

PLAN, LINES, ASKED = "plan.json", "replies.jsonl", "asked.jsonl"


class Lost(NamedTuple):
    """Questions whose answers a stop cost, and what they are expected to have used."""

    questions: int
    tokens: int
    cost: float

    @property
    def told(self) -> str:
        """What a user has to know of them; empty where there are none."""
        if not self.questions:
            return ""
        return (
            f"{counted(self.questions, 'question was', 'questions were')} being answered when an earlier command "
            f"was stopped, to be asked again; what that used, about {counted(self.tokens, 'token')} "
            f"(${self.cost:,.2g}), counts into the caps"
        )


NOTHING_LOST = Lost(0, 0, 0.0)


@dataclass
class Replies:
    """The folder of one inquiry, open for appending."""

    folder: Path
    found: dict[str, Reply] = field(default_factory=dict)
    """By identity; a question that was asked again counts by its last reply."""
    spent: tuple[int, float] = (0, 0.0)
    """Tokens and US dollars of all that was asked: again, too, and without a reply for want of time to keep it."""
    lost: Lost = NOTHING_LOST
    """Of this, what was asked and has no reply."""
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
            mend(folder / ASKED)
        except (OSError, orjson.JSONDecodeError) as e:
            raise ResultsError(f"{folder}: this results folder cannot be used ({e})") from e
        journal, tokens, cost = cls(folder, retry=retry_errors), 0, 0.0
        answered: Counter[str] = Counter()
        for reply in _read(folder / LINES):
            journal.found[reply.identity] = reply
            answered[reply.identity] += 1
            tokens, cost = tokens + reply.tokens_in + reply.tokens_out, cost + (reply.cost or 0.0)
        journal.lost = _lost(folder / ASKED, answered)
        journal.spent = (tokens + journal.lost.tokens, cost + journal.lost.cost)
        return journal

    @property
    def done(self) -> frozenset[str]:
        """Identities that are not asked again."""
        kept = (r for r in self.found.values() if not (self.retry and r.outcome == PROVIDER_ERROR))
        return frozenset(reply.identity for reply in kept)

    def ask(self, question: Question, tokens: int, cost: float | None) -> None:
        """Note that a question is asked now, and what it is expected to use: a kill may cost its answer.

        Raises:
            ResultsError: The disk refuses; everything written before stays.
        """
        line = {"identity": question.identity, "tokens": tokens, "cost": cost}
        add_line(self.folder / ASKED, orjson.dumps(line), "questions")

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


def _lost(path: Path, answered: Counter[str]) -> Lost:
    """Return what was asked more often than it was answered."""
    left, lost = answered.copy(), NOTHING_LOST
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            asked = orjson.loads(line)
            identity, tokens, cost = asked["identity"], asked["tokens"], asked["cost"] or 0.0
        except (orjson.JSONDecodeError, KeyError, TypeError) as e:
            raise ResultsError(f"{path}: a line is no question that was asked ({e})") from e
        if left[identity]:
            left[identity] -= 1
        else:
            lost = Lost(lost.questions + 1, lost.tokens + tokens, lost.cost + cost)
    return lost


def _same(old: Any, new: Mapping[str, Any], folder: Path) -> None:
    if not isinstance(old, dict) or old.get("digest") != new["digest"]:
        before = old if isinstance(old, dict) else {}
        changed = [key for key in new if key != "digest" and before.get(key) != new[key]]
        raise ResultsError(
            f"{folder}: these are the replies to another inquiry; changed: {', '.join(changed)}; "
            "replies are never mixed: name another folder with --log-dir"
        )
