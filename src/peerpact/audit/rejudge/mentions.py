"""Names of a maker inside a text: found, masked or swapped, and counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from peerpact.audit.judges.families import read_families

__all__ = ["MASK", "mentioned", "mentions", "replaced"]

MASK = "[the author]"
_PARTS = re.compile(r"[A-Za-z]+|\d+")
_BETWEEN = r"[-_ ./:]?"
SHORTEST = 3
"""Letters below which a name by itself could be any word."""


@lru_cache(maxsize=1024)
def mentions(judged: str, extra: tuple[str, ...] = ()) -> re.Pattern[str] | None:
    """Return what finds a maker's name in a text; None where it has none.

    Found are the whole name, however its parts are joined and in any case; of a model of a known family also
    its beginning of two parts or more ("claude-haiku-4.5" as "Claude Haiku"), and the words of the family
    where they are written as a name.

    Args:
        judged: The maker, as the table names it.
        extra: Further names to find.
    """
    whole = [_whole(name) for name in (*judged.split("/"), *extra)]
    words = _family_words(judged)
    patterns = [f"(?i:{p})" for p in whole if p] + [_as_name(word) for word in words]
    if not patterns:
        return None
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(patterns)})(?![A-Za-z0-9])")


def _whole(name: str) -> str:
    parts = [re.escape(part) for part in _PARTS.findall(name)]
    if len(parts) <= 1:
        return parts[0] if parts and len(parts[0]) >= SHORTEST else ""
    if not read_families().of(parts[0]):
        return _BETWEEN.join(parts)
    rest = "".join(f"(?:{_BETWEEN}{part}" for part in parts[2:])
    return f"{parts[0]}{_BETWEEN}{parts[1]}{rest}" + ")?" * len(parts[2:])


def _as_name(word: str) -> str:
    return rf"{word[0].upper()}(?i:{re.escape(word[1:])})(?:[-_ ]?v?\d+(?:\.\d+)*)?"


def _family_words(judged: str) -> list[str]:
    families = read_families()
    kin = families.of(judged)
    return sorted({w for family in kin for w in families.families.get(family, ())})


def replaced(
    text: str, judged: str, by: str, extra: tuple[str, ...] = ()
) -> tuple[str, Counter[str]]:
    """Return the text with every mention replaced, and what was replaced how often."""
    found = mentions(judged, extra)
    seen: Counter[str] = Counter()
    if found is None:
        return text, seen

    def one(match: re.Match[str]) -> str:
        seen[match.group()] += 1
        return by

    return found.sub(one, text), seen


def mentioned(text: str, names: Iterable[str]) -> list[str]:
    """Return the names that occur in a text as words."""
    low = text.casefold()
    found = (rf"(?<![\w.]){re.escape(name.casefold())}(?!\w|\.\d)" for name in names)
    return [n for n, pattern in zip(names, found, strict=True) if re.search(pattern, low)]
