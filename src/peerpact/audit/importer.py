"""What an importer is, and how one that reads JSON values is made from two functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from peerpact.audit.dialects import is_message
from peerpact.audit.reading import Source, Usual, lines
from peerpact.audit.transcript import Transcript, Unread

__all__ = [
    "MALFORMED",
    "Importer",
    "Item",
    "document_importer",
    "gathered",
    "guarded",
    "records",
    "session_importer",
]

Item: TypeAlias = Transcript | Unread

MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)
"""What a record raises whose keys are right and whose values are not."""


@dataclass(frozen=True, slots=True)
class Importer:
    """One format of transcripts."""

    name: str
    title: str
    recognise: Callable[[Source], bool]
    read: Callable[[Source], Iterator[Item]]
    rank: int = 50
    """Importers are asked in rising rank: the narrow formats before the wide ones."""
    matches: Callable[[Any], bool] | None = None
    """Whether one JSON value is a transcript of this format, where values stand alone."""
    transcripts: Callable[[Any, str], Iterable[Transcript]] | None = None
    """The transcripts in one such value, which came from the named place."""
    usual: Usual | None = None
    """Reads a line of the usual shape without parsing it first."""


def document_importer(
    name: str,
    title: str,
    matches: Callable[[Any], bool],
    transcripts: Callable[[Any, str], Iterable[Transcript]],
    rank: int = 50,
) -> Importer:
    """Make an importer of JSON values that each stand alone: a file, a line, or an item of a list."""
    known = _sound(matches)

    def recognise(source: Source) -> bool:
        value = source.value
        return known(value) or (isinstance(value, list) and bool(value) and known(value[0]))

    def read(source: Source) -> Iterator[Item]:
        for where, value in records(source):
            if isinstance(value, Unread):
                yield value
            elif known(value):
                yield from guarded(transcripts, value, where)
            else:
                yield Unread(where, f"not a record of {name}")

    return Importer(name, title, recognise, read, rank, known, transcripts)


def _sound(matches: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a test that takes a value of an unheard-of shape for one of another format."""

    def known(value: Any) -> bool:
        try:
            return matches(value)
        except MALFORMED:
            return False

    return known


def session_importer(
    name: str,
    title: str,
    matches: Callable[[Any], bool],
    transcripts: Callable[[list[Any], str], Iterable[Transcript]],
    rank: int = 50,
) -> Importer:
    """Make an importer of files whose lines (or list items) together are one session or a few."""
    known = _sound(matches)

    def recognise(source: Source) -> bool:
        value = source.value
        return known(value) or (isinstance(value, list) and bool(value) and known(value[0]))

    def read(source: Source) -> Iterator[Item]:
        held, bad = gathered(source)
        yield from bad
        if held:
            yield from guarded(transcripts, held, source.label)

    return Importer(name, title, recognise, read, rank)


def gathered(source: Source) -> tuple[list[Any], list[Unread]]:
    """Return the records of a file that is one session, and what of it cannot be read."""
    if source.shape == "lines" and source.path.stat().st_size > source.limits.session:
        return [], [Unread(source.label, "session too long")]
    held: list[Any] = []
    bad: list[Unread] = []
    for where, value in records(source):
        if isinstance(value, Unread):
            bad.append(value)
        elif isinstance(value, dict):
            held.append(value)
        else:
            bad.append(Unread(where, "not a record"))
    return held, bad


def records(source: Source, usual: Usual | None = None) -> Iterator[tuple[str, Any]]:
    """Give each record of a source with its place: the document, its items, or its lines.

    Where ``usual`` makes a transcript of a line, the transcript is given.
    """
    label = source.label
    if source.shape == "lines":
        yield from lines(source, usual)
    elif isinstance(source.value, list) and not _is_conversation(source.value):
        for number, value in enumerate(source.value):
            yield f"{label}[{number}]", value
    else:
        yield label, source.value


def _is_conversation(values: list[Any]) -> bool:
    first = values[0] if values else None
    return isinstance(first, dict) and (
        "role" in first or first.keys() >= {"from", "value"} or is_message(first)
    )


def guarded(
    transcripts: Callable[[Any, str], Iterable[Transcript]], value: Any, where: str
) -> Iterator[Item]:
    """Give the transcripts in ``value``; a malformed record ends in an ``Unread``."""
    try:
        yield from transcripts(value, where)
    except MALFORMED as e:
        yield Unread(where, "malformed record", f"{type(e).__name__}: {e}"[:200])


def noted(item: Item, notes: tuple[str, ...]) -> Item:
    """Add the reader's notes to a transcript."""
    if notes and isinstance(item, Transcript):
        return replace(item, notes=item.notes + notes)
    return item
