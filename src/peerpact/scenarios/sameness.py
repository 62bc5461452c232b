"""Whether a paraphrase says the same: its slots, numbers and names, the declared facts, no charged word more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from peerpact.errors import StudyError
from peerpact.text import read_yaml

__all__ = ["check_same"]

WORDS = Path(__file__).parent / "shared/wordings.yaml"
SHORTEST, LONGEST = 0.6, 1.7
"""Length of a wording, as a share of the original's words."""

_VARIABLE = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_NAME = re.compile(r"[\"“`]([^\"“”`]+)[\"”`]|(\w+_\w+(?:\.\w+)?|\w+\.(?:yaml|md|json)\b)")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ENUMERATION = re.compile(r"^\s*\(?\d+[.)]\s", re.MULTILINE)
_WORD = re.compile(r"[\w'’-]+")

Slots = Counter[str]


class Rule(NamedTuple):
    """One kind of slot: how to find it, and which repetitions count."""

    kind: str
    find: Callable[[str], Slots]
    once: bool
    """Whether saying it more often than the original is an error."""


def check_same(wordings: Sequence[str], says: Mapping[str, Sequence[str]], where: str) -> None:
    """Check paraphrases against the first of the wordings.

    Args:
        wordings: The original, then its paraphrases.
        says: A fact → words of which every wording holds one.
        where: Their file, for messages.

    Raises:
        StudyError: A wording says something else; the message names it, what was found and what is allowed.
    """
    original = wordings[0]
    seen: dict[str, str] = {" ".join(original.split()).casefold(): "the original"}
    for number, text in enumerate(wordings):
        key = f"{where}:wordings[{number - 1}]" if number else f"{where}:says"
        _check_facts(text, says, key)
        if number:
            _check_slots(original, text, key)
            _check_classes(original, text, key)
            _check_length(original, text, key)
            _check_new(seen, text, key)


def _check_slots(original: str, text: str, where: str) -> None:
    for rule in _RULES:
        wanted, found = rule.find(original), rule.find(text)
        lost = [name for name in wanted if name not in found]
        added = [n for n in found if n not in wanted or (rule.once and found[n] > wanted[n])]
        if lost or added:
            problem = f"{rule.kind} {_list(lost)} missing" if lost else ""
            extra = f"{rule.kind} {_list(added)} too many" if added else ""
            raise StudyError(
                f"this wording says something else: {', '.join(filter(None, (problem, extra)))}",
                where=where,
                found=text,
                hint=f"allowed: {_list(wanted.elements() if rule.once else wanted) or 'none'}",
            )


def _check_classes(original: str, text: str, where: str) -> None:
    for name, pattern in _classes().items():
        there, here = _charged(original, pattern), _charged(text, pattern)
        if len(here) > len(there):
            raise StudyError(
                f"this wording has more words of {name!r} than the original",
                where=where,
                found=here,
                hint=f"allowed: {len(there)} ({_list(there) or 'none'})",
            )


def _check_facts(text: str, says: Mapping[str, Sequence[str]], where: str) -> None:
    for fact, words in says.items():
        if not any(_held(word, text) for word in words):
            raise StudyError(
                f"this wording does not say: {fact}",
                where=where,
                found=text,
                hint=f"allowed: {_list(words)}",
            )


def _check_length(original: str, text: str, where: str) -> None:
    share = len(_WORD.findall(text)) / len(_WORD.findall(original))
    if not SHORTEST <= share <= LONGEST:
        raise StudyError(
            "this wording is too long or too short",
            where=where,
            found=f"{share:.2f} of the original's words",
            hint=f"allowed: {SHORTEST} to {LONGEST}",
        )


def _check_new(seen: dict[str, str], text: str, where: str) -> None:
    plain = " ".join(text.split()).casefold()
    if plain in seen:
        raise StudyError(f"this wording is that of {seen[plain]}", where=where, hint="vary it")
    seen[plain] = where.rpartition(":")[2]


def _held(word: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE) is not None


def _charged(text: str, pattern: re.Pattern[str]) -> list[str]:
    return [match.group(0).lower() for match in pattern.finditer(_plain(text))]


def _plain(text: str) -> str:
    """The text without slots and names, whose words are not the wording's own."""
    return _NAME.sub(" ", _VARIABLE.sub(" ", text))


def _variables(text: str) -> Slots:
    return Counter(_VARIABLE.findall(text))


def _names(text: str) -> Slots:
    return Counter(a or b for a, b in _NAME.findall(_VARIABLE.sub(" ", text)))


def _numbers(text: str) -> Slots:
    plain = _ENUMERATION.sub(" ", _plain(text))
    found = [*_NUMBER.findall(plain), *(m.group(0).lower() for m in _written().finditer(plain))]
    return Counter(found)


_RULES = (
    Rule("variable", _variables, once=True),
    Rule("number", _numbers, once=False),
    Rule("name", _names, once=False),
)


@cache
def _written() -> re.Pattern[str]:
    """Numbers in words."""
    return _any_of(read_yaml(WORDS)["numbers"])


@cache
def _classes() -> dict[str, re.Pattern[str]]:
    return {name: _any_of(words) for name, words in read_yaml(WORDS)["classes"].items()}


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Whole words; a star at the end stands for any ending."""
    return re.compile("|".join(_pattern(w) for w in words), re.IGNORECASE)


def _pattern(word: str) -> str:
    stem = re.escape(word.removesuffix("*"))
    return rf"\b{stem}\w*" if word.endswith("*") else rf"\b{stem}\b"


def _list(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))
