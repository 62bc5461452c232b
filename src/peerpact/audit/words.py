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

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from peerpact.text import read_yaml

__all__ = ["handling", "present", "telling"]

ALIKE = ("ı", "İ", "ſ", "\u212a")
"""What an expression that is blind to case takes for i, s and k."""
SHORT = 4
"""Characters below which a word is short: one after a program is not looked for, but the program is."""


@lru_cache(maxsize=1)
def _lexicon() -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_yaml(files("peerpact.audit") / "lexicon.yaml")
    return table


@lru_cache(maxsize=1)
def _expressions() -> tuple[BytesAhoCorasick, tuple[frozenset[str], ...]]:
    """Return the search for all pieces at once, and the expressions that each piece belongs to."""
    pieces: dict[str, frozenset[str]] = {}
    for name, texts in _lexicon()["first_look"].items():
        for text in texts:
            pieces[text] = pieces.get(text, frozenset()) | {name}
    return _search(pieces), tuple(pieces.values())


@lru_cache(maxsize=1)
def _glances() -> tuple[BytesAhoCorasick, ...]:
    """Return searches that tell whether any piece is there; four times faster than the one that tells which.

    A piece within a piece stands for both. The search is vectorised where pieces are few and long,
    so the short ones have a search of their own.
    """
    pieces = {text.lower() for texts in _lexicon()["first_look"].values() for text in texts}
    least = sorted(p for p in pieces if not any(q != p and q in p for q in pieces))
    long, short = [p for p in least if len(p) >= SHORT], [p for p in least if len(p) < SHORT]
    return tuple(
        BytesAhoCorasick([p.encode() for p in part], matchkind=MatchKind.LeftmostFirst)
        for part in (long, short)
    )


def _search(pieces: Iterable[str]) -> BytesAhoCorasick:
    return BytesAhoCorasick(
        [piece.lower().encode() for piece in pieces], implementation=Implementation.DFA
    )


def present(text: str) -> frozenset[str]:
    """Return the expressions that may match in ``text``, of those that the lexicon lists for a first look."""
    search, names = _expressions()
    if _alike(text):
        return frozenset().union(*names)
    folded = text.encode("utf-8", "replace").lower()
    if not any(glance.find_matches_as_indexes(folded) for glance in _glances()):
        return frozenset()
    hits = search.find_matches_as_indexes(folded, overlapping=True)
    return frozenset().union(*[names[number] for number in {hit[0] for hit in hits}])


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
