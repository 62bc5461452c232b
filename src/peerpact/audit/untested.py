"""Questions for which an audit held nothing to test with: no detector can find what no transcript could show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from peerpact.audit.detectors import detectors
from peerpact.audit.tally import Audit
from peerpact.audit.transcript import Transcript

__all__ = ["Untested", "grounds", "partly", "untested"]


class Untested(NamedTuple):
    """One question, and what was missing for it."""

    detector: str
    question: str
    because: str


def grounds(transcript: Transcript) -> Iterator[str]:
    """Give what a transcript has of the things that the detectors need, as ``detector/need``."""
    for met, keys in _needs():
        for need in met(transcript):
            yield keys[need]


@lru_cache(maxsize=1)
def _needs() -> tuple[tuple[Callable[[Transcript], Iterable[str]], Mapping[str, str]], ...]:
    return tuple(
        (one.grounds, {need: f"{one.name}/{need}" for need in one.needs})
        for one in detectors()
        if one.grounds is not None
    )


def untested(done: Audit) -> Iterator[Untested]:
    """Give each question that no transcript could answer, with the first thing that all of them lack."""
    for one in detectors():
        lacking = (
            told for need, told in one.needs.items() if not done.grounds[f"{one.name}/{need}"]
        )
        if (because := next(lacking, None)) is not None:
            yield Untested(one.name, one.question, because)


def partly(done: Audit) -> Iterator[tuple[str, int]]:
    """Give each question that only some transcripts could answer, with their number."""
    for one in detectors():
        if one.grounds is not None:
            asked = min(done.grounds[f"{one.name}/{need}"] for need in one.needs)
            if 0 < asked < done.read:
                yield one.question, asked
