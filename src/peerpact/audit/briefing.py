"""What people told the agent, and what their words hold: remembered, since the runs of a cell share it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from peerpact.audit.lexicon import has
from peerpact.audit.transcript import Transcript
from peerpact.audit.words import folded, may_hold

__all__ = ["Briefing", "briefing"]

T = TypeVar("T")
LONGEST = 200_000
"""Characters of all prompts together that expressions search."""
LONG = 20_000
"""Characters above which prompts are not kept, so that memory stays bounded."""
PLACES = 512
"""Prompts that are kept at most."""
Prompts: TypeAlias = tuple[tuple[int, str, str], ...]
"""Number, role and text of each, in order."""


class Briefing:
    """The prompts of one run, or of many runs with the same prompts."""

    __slots__ = ("_folded", "_known", "prompts", "text")

    def __init__(self, prompts: Prompts, text: str) -> None:
        self.prompts = prompts
        self.text = text[:LONGEST]
        """All of them together."""
        self._folded = folded(text)
        self._known: dict[Any, Any] = {}

    def recall(self, question: Callable[[Briefing], T]) -> T:
        """Return the answer to a question about these prompts, worked out once."""
        if question not in self._known:
            self._known[question] = question(self)
        answer: T = self._known[question]
        return answer

    def may_ask(self, name: str) -> bool:
        """Whether the expression called ``name`` may match in the prompts, as far as a first look tells."""
        if name not in self._known:
            self._known[name] = may_hold(self._folded, name)
        return bool(self._known[name])

    def asks(self, what: str, prompt: str | None = None) -> bool:
        """Whether the anchored expression ``what`` is in the prompts, or in one of them."""
        key = (what, prompt)
        if key not in self._known:
            self._known[key] = has(what, self.text if prompt is None else prompt)
        return bool(self._known[key])


@lru_cache(maxsize=2)
def briefing(transcript: Transcript) -> Briefing:
    """Return what people told the agent."""
    prompts = transcript.talk.prompts
    text = "\n".join([text for *_, text in prompts])
    place = _place(hash(text)) if len(text) <= LONG else _Place()
    return place.briefing(tuple(prompts), text)


class _Place:
    """Where a briefing is kept from the second run on: most never come again, and keeping them costs time."""

    __slots__ = ("_kept", "_known")

    def __init__(self) -> None:
        self._known = False
        self._kept: Briefing | None = None

    def briefing(self, prompts: Prompts, text: str) -> Briefing:
        """Return the briefing that these prompts are."""
        if self._kept is not None and self._kept.prompts == prompts:
            return self._kept
        made = Briefing(prompts, text)
        self._known, self._kept = True, made if self._known else None
        return made


@lru_cache(maxsize=PLACES)
def _place(fingerprint: int) -> _Place:
    return _Place()
