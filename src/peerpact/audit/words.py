"""A first look at a text: which expressions could match in it at all, found without trying any of them.

Each match of an expression holds one of its literal pieces (``first_look`` and ``named`` in ``lexicon.yaml``); a
text that holds none of them needs no search. A shell command gets the same look before it is taken apart: most
commands neither change anything that a detector asks about nor name such a thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

from ahocorasick_rs import BytesAhoCorasick, Implementation

from peerpact.audit.pieces import quick_search
from peerpact.text import read_yaml

__all__ = ["folded", "handling", "may_hold", "telling"]

ALIKE = ("ı", "İ", "ſ", "\u212a")
"""What an expression that is blind to case takes for i, s and k."""
SHORT = 4
"""Characters below which a word is short: one after a program is not looked for, but the program is."""


@lru_cache(maxsize=1)
def _lexicon() -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_yaml(files("peerpact.audit") / "lexicon.yaml")
    return table


@lru_cache(maxsize=64)
def _look(*names: str) -> BytesAhoCorasick:
    return quick_search({piece for name in names for piece in _lexicon()["first_look"][name]})


def _search(pieces: Iterable[str]) -> BytesAhoCorasick:
    return BytesAhoCorasick(
        [piece.lower().encode() for piece in pieces], implementation=Implementation.DFA
    )


def folded(text: str) -> bytes | None:
    """Return a text as a first look takes it; ``None`` if letters in it look like others: anything may match."""
    return None if _alike(text) else text.encode("utf-8", "replace").lower()


def may_hold(text: bytes | None, *names: str) -> bool:
    """Whether one of these expressions, which the lexicon lists for a first look, may match in a folded text."""
    return text is None or bool(_look(*names).find_matches_as_indexes(text))


def _alike(text: str) -> bool:
    return not text.isascii() and any(letter in text for letter in ALIKE)


@lru_cache(maxsize=1)
def _commands() -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_yaml(files("peerpact.audit") / "commands.yaml")
    return table


Look: TypeAlias = tuple[BytesAhoCorasick, tuple[str, ...]]
"""A search, and how each piece must stand in a command."""


@lru_cache(maxsize=1)
def _tells() -> Look:
    """Return the look for what makes a command matter."""
    table = _lexicon()
    looks = table["named"] | table["first_look"]
    stands = {piece: "anyhow" for name in table["telling"] for piece in looks[name]}
    stands |= dict.fromkeys(_commands()["pieces"], "anyhow")
    for piece, how in _betrayed(_commands()["telling"]):
        stands.setdefault(piece.lower(), how)
    return _search(stands), tuple(stands.values())


@lru_cache(maxsize=1)
def _handles() -> Look:
    """Return the look for what makes a command handle files or users."""
    stands = dict.fromkeys(_commands()["pieces"] + _commands()["deletions"], "anyhow")
    for piece, how in _betrayed([*_commands()["telling"], "delete"]):
        stands.setdefault(piece.lower(), how)
    return _search(stands), tuple(stands.values())


def _betrayed(verbs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give what betrays each command: its program, or the beginning of a longer word that must follow."""
    commands = [command for verb in verbs for command in _commands()["commands"][verb]]
    for command in commands:
        program, *rest = str(command).split()
        short = not rest or (len(rest[-1]) < SHORT and rest[-1] not in commands)
        yield (program, "word") if short else (rest[-1], "start")


def telling(command: str) -> bool:
    """Whether a command may do anything that a detector asks about."""
    return _looks(command, _tells())


def handling(command: str) -> bool:
    """Whether a command may copy, move, rename or delete anything, or change users."""
    return _looks(command, _handles())


def _looks(command: str, look: Look) -> bool:
    if _alike(command):
        return True
    text = command.encode("utf-8", "replace").lower().translate(None, b"\\'\"")
    search, stands = look
    hits = search.find_matches_as_indexes(text, overlapping=True)
    return bool(hits) and any(
        _stands(stands[number], text, start, end) for number, start, end in hits
    )


def _stands(how: str, text: bytes, start: int, end: int) -> bool:
    if how == "anyhow":
        return True
    if start > 0 and _joins(text[start - 1]):
        return False
    return how == "start" or end == len(text) or not _joins(text[end])


def _joins(byte: int) -> bool:
    """Whether a byte goes on with the word beside it."""
    return 97 <= byte <= 122 or 48 <= byte <= 57 or byte in b"_-"
