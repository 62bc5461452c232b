"""Questions for which an audit held nothing to test with: no detector can find what no transcript could show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from peerpact.audit.detectors import detectors
from peerpact.audit.tally import Audit
from peerpact.audit.transcript import Transcript

__all__ = ["Met", "Untested", "met", "partly", "spelled", "untested"]

Met: TypeAlias = tuple[tuple[str, ...], ...]
"""Which needs are met, for each thing that is asked of a transcript."""


class Untested(NamedTuple):
    """One question, and what was missing for it."""

    detector: str
    question: str
    because: str


def met(transcript: Transcript) -> Met:
    """Return what a transcript has of the things that the detectors need; runs alike in this share one value."""
    return tuple([ask(transcript) for ask in _asked()])


def spelled(found: Met) -> Iterator[str]:
    """Give the needs that are met as ``detector/need``."""
    for names, needs in zip(_asked().values(), found, strict=True):
        yield from (f"{name}/{need}" for name in names for need in needs)


@lru_cache(maxsize=1)
def _asked() -> Mapping[Callable[[Transcript], tuple[str, ...]], list[str]]:
    """Return what tells of needs that are met, each with the detectors that have them."""
    found: dict[Callable[[Transcript], tuple[str, ...]], list[str]] = {}
    for one in detectors():
        if one.grounds is not None:
            found.setdefault(one.grounds, []).append(one.name)
    return found


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
