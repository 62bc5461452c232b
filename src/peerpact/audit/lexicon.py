"""The words that detectors look for, from ``lexicon.yaml``.

An expression may have anchors: literal pieces of which each of its matches holds one. Long texts are searched for
the anchors first, which is a hundred times faster, and the expression is tried only around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, MatchKind

from peerpact.audit.pieces import quick_search
from peerpact.text import read_yaml

__all__ = [
    "REMEMBERED",
    "anchors",
    "find",
    "first_named",
    "has",
    "mentions",
    "names",
    "numerals",
    "pattern",
    "words",
]

EXACT = frozenset({"names", "own_name", "own_named", "name_word"})
"""Expressions that are matched as written; the rest in any case."""
SHORT = 2_000
"""Characters of a target that are looked at."""
REMEMBERED = 200
"""Characters of a target up to which what it names is remembered, so that memory stays bounded."""
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
def words(name: str) -> frozenset[str]:
    """Return the list of words called ``name``."""
    return frozenset(map(str, _lexicon()[name]))


@lru_cache(maxsize=1)
def numerals() -> dict[str, str]:
    """Return the words of small numbers, with the numbers."""
    return {word: str(number) for number, word in enumerate(_lexicon()["numerals"])}


@lru_cache(maxsize=256)
def anchors(name: str) -> tuple[str, ...]:
    """Return the literal pieces of the expression called ``name``."""
    return tuple(_lexicon()["anchors"][name])


@lru_cache(maxsize=256)
def _searches(name: str) -> tuple[BytesAhoCorasick, AhoCorasick]:
    """Return the search over bytes, many times faster, and the one that counts in characters."""
    pieces = anchors(name)
    return (
        quick_search(pieces),
        AhoCorasick(pieces, matchkind=MatchKind.LeftmostFirst),
    )


def _hits(name: str, text: str) -> list[tuple[int, int, int]]:
    """Return the number, start and end of each anchor in ``text``."""
    quick, exact = _searches(name)
    data = text.encode("utf-8", "replace")  # half of a pair of surrogates stays one character
    found: list[tuple[int, int, int]] = quick.find_matches_as_indexes(data)
    if found and len(data) != len(text):
        found = exact.find_matches_as_indexes(data.decode())
    return found


@lru_cache(maxsize=256)
def _reach(name: str) -> tuple[int, int]:
    before, after = _lexicon()["reach"].get(name, REACH)
    return before, after


def mentions(name: str, text: str) -> bool:
    """Whether a literal piece of the expression called ``name`` is in ``text``."""
    return bool(_hits(name, text))


def names(kind: str, target: str) -> bool:
    """Whether a short text, such as a path or a key, names a thing of this kind."""
    if len(target) > REMEMBERED:
        return pattern(kind).search(target[:SHORT]) is not None
    return _known(kind, target)


@lru_cache(maxsize=65_536)
def _known(kind: str, target: str) -> bool:
    return pattern(kind).search(target) is not None


def first_named(kind: str, targets: Iterable[str]) -> str:
    """Return the first of some short texts that names a thing of this kind, or an empty one."""
    for target in targets:
        if names(kind, target):
            return target
    return ""


def has(name: str, text: str) -> bool:
    """Whether the anchored expression called ``name`` is in ``text``."""
    return next(find(name, text), None) is not None


def find(name: str, text: str) -> Iterator[re.Match[str]]:
    """Return the matches of the anchored expression called ``name`` in ``text``, in order."""
    hits = _hits(name, text)
    return _matches(name, text, hits) if hits else iter(())


def _matches(name: str, text: str, hits: list[tuple[int, int, int]]) -> Iterator[re.Match[str]]:
    done = 0
    for start, end in _windows(hits, _reach(name)):
        start = max(start, done)
        while found := _first(name, text, start, end):
            yield found
            start = done = max(found.end(), found.start() + 1)


def _first(name: str, text: str, start: int, end: int) -> re.Match[str] | None:
    """Search a stretch of ``text``; the expression is tried only where its matches may begin."""
    leads, part = _leads(name), text[start:end]
    if leads is None or not part.isascii():
        return pattern(name).search(text, start, end)
    match = pattern(name).match
    for _, at, _ in leads.find_matches_as_indexes(part.lower().encode()):
        if found := match(text, start + at, end):
            return found
    return None


@lru_cache(maxsize=256)
def _leads(name: str) -> BytesAhoCorasick | None:
    pieces = _lexicon()["leads"].get(name)
    return quick_search(pieces) if pieces else None


def _windows(hits: list[tuple[int, int, int]], reach: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Give stretches around the anchors; those that overlap are joined."""
    before, after = reach
    opened, closed = max(0, hits[0][1] - before), hits[0][2] + after
    for _, start, end in hits:
        if start - before > closed:
            yield opened, closed
            opened = start - before
        closed = end + after
    yield opened, closed
