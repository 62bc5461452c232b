"""A question to a model: its prompt, the closed schema of the answer, and what came back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from peerpact.errors import JudgeError
from peerpact.text import tokens

__all__ = [
    "ANSWERED",
    "PROVIDER_ERROR",
    "Pace",
    "Question",
    "Reply",
    "Use",
    "expected_use",
    "read_answer",
]

ANSWERED = "answered"
PROVIDER_ERROR = "provider_error"
OUTSIDE = frozenset({"greater_than_equal", "less_than_equal"})
"""Faults of a number that has the right form and the wrong size."""

_FENCED = re.compile(r"\A```(?:json)?\s*\n(.*)\n```\Z", re.DOTALL)
_ANSWER_TOKENS = 150


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One thing that one model is asked, in a context of its own."""

    identity: str
    """Hash of everything that reaches the model, and of the route to it."""
    prompt: str
    schema: type[BaseModel]


class Reply(BaseModel):
    """What came of a question; ``answer`` is None unless the outcome is ``answered``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    identity: str
    outcome: str
    """answered, not_in_schema, out_of_scale, refused, cut_off, too_long, empty or provider_error."""
    answer: Mapping[str, Any] | None = None
    detail: str = ""
    model: str = ""
    """The model as its provider names it."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    """US dollars; None where the price is unknown."""
    asked_at: str = ""
    seconds: float = 0.0


class Use(NamedTuple):
    """Expected use: model calls, tokens in and out."""

    calls: int
    tokens_in: int
    tokens_out: int


NOTHING = Use(0, 0, 0)


def expected_use(questions: Iterable[Question]) -> Use:
    """Return what questions will use, about."""
    sizes = [len(question.prompt) for question in questions]
    return Use(len(sizes), tokens(sum(sizes)), len(sizes) * _ANSWER_TOKENS)


@dataclass(slots=True)
class Pace:
    """What answers are expected to use, going by what the answers so far used."""

    expected: Use = NOTHING
    found: Use = NOTHING

    def of(self, question: Question) -> Use:
        """Return what a question is expected to use, never less than without earlier answers."""
        calls, tokens_in, tokens_out = expected_use([question])
        more_in = self.found.tokens_in / max(1, self.expected.tokens_in)
        more_out = self.found.tokens_out / max(1, self.expected.tokens_out)
        return Use(
            calls, ceil(tokens_in * max(1.0, more_in)), ceil(tokens_out * max(1.0, more_out))
        )

    def note(self, question: Question, reply: Reply) -> None:
        """Learn from an answer; one that used nothing never came about."""
        if reply.tokens_in + reply.tokens_out:
            use = expected_use([question])
            self.expected = Use(*map(sum, zip(self.expected, use, strict=True)))
            used = Use(1, reply.tokens_in, reply.tokens_out)
            self.found = Use(*map(sum, zip(self.found, used, strict=True)))


def read_answer(schema: type[BaseModel], completion: str) -> BaseModel:
    """Return the answer that a completion holds: one JSON object of the schema and nothing else.

    Raises:
        JudgeError: It holds anything else; the message begins with the outcome to record.
    """
    text = completion.strip()
    if not text:
        raise JudgeError("empty: the model answered nothing")
    fenced = _FENCED.match(text)
    try:
        return schema.model_validate_json(fenced[1] if fenced else text)
    except ValidationError as e:
        faults = e.errors(include_url=False, include_input=False)
        outcome = "out_of_scale" if {f["type"] for f in faults} <= OUTSIDE else "not_in_schema"
        told = "; ".join(f"{'.'.join(map(str, f['loc']))} {f['msg']}".strip() for f in faults[:3])
        raise JudgeError(f"{outcome}: {told}") from e
