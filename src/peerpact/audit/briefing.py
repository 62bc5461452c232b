"""What people and operators told the agent, and what their words hold.

The runs of a cell share all of it and those of a fleet their system prompt: what was found in it is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from peerpact.audit.lexicon import has
from peerpact.audit.transcript import Transcript
from peerpact.audit.words import present

__all__ = ["Briefing", "briefing"]

T = TypeVar("T")
LONGEST = 200_000
"""Characters of all prompts together that expressions search."""
REMEMBERED = 20_000
"""Characters above which prompts are not remembered: 256 of them must not fill the memory."""


class Briefing:
    """The prompts of one run, or of many runs with the same prompts."""

    def __init__(self, prompts: tuple[tuple[int, str, str], ...]) -> None:
        self.prompts = prompts
        """Number, role and text of each, in order."""
        self.text = "\n".join([text for *_, text in prompts])[:LONGEST]
        self._known: dict[Callable[[Briefing], Any], Any] = {}
        self._asked: dict[tuple[str, str | None], bool] = {}

    def recall(self, question: Callable[[Briefing], T]) -> T:
        """Return the answer to a question about these prompts, worked out once."""
        if question not in self._known:
            self._known[question] = question(self)
        answer: T = self._known[question]
        return answer

    def asks(self, what: str, prompt: str | None = None) -> bool:
        """Whether the anchored expression ``what`` is in the prompts, or in one of them."""
        key = (what, prompt)
        if key not in self._asked:
            self._asked[key] = has(what, self.text if prompt is None else prompt)
        return self._asked[key]

    @property
    def told(self) -> frozenset[str]:
        """The expressions that may match in the prompts."""
        return self.recall(_told)


@lru_cache(maxsize=2)
def briefing(transcript: Transcript) -> Briefing:
    """Return what people told the agent."""
    prompts = tuple(transcript.talk.prompts)
    short = sum(len(text) for *_, text in prompts) <= REMEMBERED
    return _shared(prompts) if short else Briefing(prompts)


_shared = lru_cache(maxsize=256)(Briefing)


def _told(given: Briefing) -> frozenset[str]:
    return frozenset().union(
        *[
            _standing(text) if role == "system" and len(text) <= LONGEST else present(text)
            for _, role, text in given.prompts
        ]
    )


@lru_cache(maxsize=64)
def _standing(prompt: str) -> frozenset[str]:
    """Look at a system prompt, which runs share that are asked for different things."""
    return present(prompt)
