"""The words that detectors look for, from ``lexicon.yaml``.

An expression may have anchors: literal pieces of which each of its matches holds one. Long texts are searched for
the anchors first, which is a hundred times faster, and the expression is tried only around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import takewhile
from typing import Any

from peerpact.text import read_yaml

__all__ = ["anchors", "find", "has", "mentions", "names", "pattern"]

EXACT = frozenset({"names", "own_name"})
"""Expressions that are matched as written; the rest in any case."""
SHORT = 2_000
"""Characters of a target that are looked at."""
REACH = (200, 320)
"""Characters before and after an anchor in which an expression is tried, where the lexicon names none."""


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, Any]:
    table: dict[str, Any] = read_yaml(files("peerpact.audit") / "lexicon.yaml")
    return table


@lru_cache(maxsize=256)
def pattern(name: str) -> re.Pattern[str]:
    """Return the expression called ``name``."""
    return re.compile(_lexicon()[name], 0 if name in EXACT else re.IGNORECASE)


@lru_cache(maxsize=256)
def anchors(name: str) -> tuple[str, ...]:
    """Return the literal pieces of the expression called ``name``."""
    return tuple(_lexicon()["anchors"][name])


@lru_cache(maxsize=256)
def _stem(name: str) -> str:
    """Return the start that all the anchors share, often nothing: one search where several would be in vain."""
    first, last = min(anchors(name)), max(anchors(name))
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(one for one, _ in same)


@lru_cache(maxsize=256)
def _reach(name: str) -> tuple[int, int]:
    before, after = _lexicon()["reach"].get(name, REACH)
    return before, after


def mentions(name: str, text: str) -> bool:
    """Whether a literal piece of the expression called ``name`` is in ``text``."""
    if _stem(name) not in text:
        return False
    for anchor in anchors(name):  # noqa: SIM110 - a generator costs as much as the search
        if anchor in text:
            return True
    return False


@lru_cache(maxsize=65_536)
def names(kind: str, target: str) -> bool:
    """Whether a short text, such as a path or a key, names a thing of this kind."""
    return pattern(kind).search(target[:SHORT]) is not None


def has(name: str, text: str) -> bool:
    """Whether the anchored expression called ``name`` is in ``text``; stops at the first anchor that shows it."""
    if _stem(name) not in text:
        return False
    regex = pattern(name)
    for anchor in anchors(name):
        if anchor in text and next(_around(regex, text, [anchor], _reach(name)), None) is not None:
            return True
    return False


def find(name: str, text: str) -> Iterator[re.Match[str]]:
    """Give the matches of the anchored expression called ``name`` in ``text``, in order."""
    present = [anchor for anchor in anchors(name) if anchor in text]
    if present:
        yield from _around(pattern(name), text, present, _reach(name))


def _around(
    regex: re.Pattern[str], text: str, present: list[str], reach: tuple[int, int]
) -> Iterator[re.Match[str]]:
    done = 0
    for start, end in _windows(text, present, reach):
        start = max(start, done)
        while found := regex.search(text, start, end):
            yield found
            start = done = max(found.end(), found.start() + 1)


def _windows(text: str, present: list[str], reach: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Give stretches around the anchors; those that overlap are joined."""
    places = sorted({place for anchor in present for place in _places(text, anchor, reach[1])})
    opened: tuple[int, int] | None = None
    for place in places:
        start, end = max(0, place - reach[0]), place + reach[1]
        if opened is not None and start <= opened[1]:
            opened = (opened[0], end)
            continue
        if opened is not None:
            yield opened
        opened = (start, end)
    if opened is not None:
        yield opened


def _places(text: str, anchor: str, after: int) -> Iterator[int]:
    place = text.find(anchor)
    while place >= 0:
        yield place
        place = text.find(anchor, place + max(1, after - 160))
