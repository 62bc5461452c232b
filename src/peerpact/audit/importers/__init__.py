"""Every format that an audit reads, found by listing the modules of this package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from pkgutil import iter_modules

from peerpact.audit.importer import Importer, Item, guarded, noted, records
from peerpact.audit.own_files import own_file
from peerpact.audit.reading import LIMITS, Limits, Source, open_source
from peerpact.audit.transcript import Transcript, Unread
from peerpact.errors import StudyError, allowed

__all__ = ["importer", "importers", "read", "read_source", "recognise"]

OPENINGS = 20
"""Records at the start of a file of which one must be known: logs begin with settings, titles and snapshots."""


@lru_cache(maxsize=1)
def importers() -> tuple[Importer, ...]:
    """Return every importer, the narrow formats before the wide ones."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return tuple(sorted((m.IMPORTER for m in modules), key=lambda i: (i.rank, i.name)))


def importer(name: str) -> Importer:
    """Return the importer called ``name``.

    Raises:
        StudyError: There is none.
    """
    for found in importers():
        if found.name == name:
            return found
    names = (i.name for i in importers())
    raise StudyError("unknown transcript format", found=name, hint=allowed(name, names))


def recognise(source: Source) -> Importer | None:
    """Return the importer whose format the source has: that of the first record that any knows."""
    found = _knowing(source)
    for value in islice(_openings(source), OPENINGS) if found is None else ():
        found = found or _knowing(replace(source, value=value))
    return found


def _knowing(source: Source) -> Importer | None:
    return next((found for found in importers() if found.recognise(source)), None)


def _openings(source: Source) -> Iterator[object]:
    if source.shape == "lines" or isinstance(source.value, list):
        whole = replace(source, span=None, reached=None)
        yield from (value for _, value in records(whole) if isinstance(value, dict))


def read(path: Path, format: str = "", limits: Limits = LIMITS) -> Iterator[Item]:
    """Give the transcripts of one file, and an ``Unread`` for each part that cannot be read."""
    source = open_source(path, limits=limits)
    if isinstance(source, Unread):
        yield source
    else:
        yield from read_source(source, format)


def read_source(source: Source, format: str = "") -> Iterator[Item]:
    """Give the transcripts of an opened file."""
    found = importer(format) if format else recognise(source)
    if found is None:
        kind = own_file(source)
        yield Unread(source.label, kind or "format not recognised", apart=bool(kind))
    else:
        given = found.transcripts is None or format
        for item in found.read(source) if given else _mixed(source, found):
            yield noted(item, source.notes + source.mended)
            if found.transcripts is not None:  # the next one is of another record
                source.mended = ()


def _mixed(source: Source, found: Importer) -> Iterator[Item]:
    """Read records of which each may have a format of its own; the last one's is tried first."""
    for where, value in records(source, found.usual):
        if isinstance(value, Transcript | Unread):
            yield value
            continue
        fitting = found if _fits(found, value) else next(_fitting(value), None)
        if fitting is None or fitting.transcripts is None:
            yield Unread(where, "format not recognised")
            continue
        found = fitting
        yield from guarded(fitting.transcripts, value, where)


def _fits(candidate: Importer, value: object) -> bool:
    return candidate.matches is not None and candidate.matches(value)


def _fitting(value: object) -> Iterator[Importer]:
    return (candidate for candidate in importers() if _fits(candidate, value))
