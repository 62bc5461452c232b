"""How far an audit has come: bytes of the files that it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from peerpact.audit.sources import File, find
from peerpact.audit.transcript import Unread

__all__ = ["Gauge", "Told", "size_of"]

Told: TypeAlias = Callable[[int, int], None]
"""Takes the bytes that are done, and the bytes that there are."""


class Gauge:
    """What is told how far an audit has come; without a listener it costs nothing."""

    def __init__(self, told: Told | None, paths: Iterable[str] = ()) -> None:
        self._told, self._done = told, 0
        self._total = sum(map(size_of, find(paths))) if told is not None else 0

    def within(self) -> Callable[[int], None] | None:
        """Return what takes a position in the file that is being read."""
        told, done, total = self._told, self._done, self._total
        return None if told is None else lambda position: told(done + position, total)

    def past(self, size: int) -> None:
        """Take that so many bytes more are done."""
        self._done += size
        if self._told is not None:
            self._told(self._done, self._total)


def size_of(file: File | Unread) -> int:
    """Return the bytes of a file, or of the part of it that is to be read."""
    if isinstance(file, Unread):
        return 0
    if file.span is not None:
        return file.span.end - file.span.start
    try:
        return file.path.stat().st_size
    except OSError:
        return 0
