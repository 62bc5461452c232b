"""Opening a file that nobody vouches for: bounded lines, bounded documents, any encoding, no execution.

A file is either one JSON document (or several, one after another), or lines of JSON, or something binary that only
its importer understands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import orjson

from peerpact.audit.transcript import Transcript, Unread
from peerpact.errors import ImportFailure

__all__ = [
    "LIMITS",
    "Limits",
    "Source",
    "Span",
    "Usual",
    "lines",
    "open_source",
    "parse",
    "skip_line",
]

HEAD = 65_536
BUFFER = 1 << 18
HEAVY_FROM = 4_000_000
"""Bytes below which a document cannot grow past the memory bound, whatever it holds."""
_SPACE = re.compile(r"\s*")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
ESCAPES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
"""Escapes: a pair that is one character, half of such a pair, any other."""
HALVES = "halves of characters were replaced"
BYTES = "bytes that are no UTF-8 were replaced"
PATIENCE = 20
"""Broken lines at the start of a file after which it is not taken for lines of JSON."""


class Span(NamedTuple):
    """A part of a file of lines."""

    start: int
    """Its first byte, which begins a line."""
    end: int
    """The byte after its last."""
    before: int
    """How many lines stand before it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far the reader follows a file."""

    line: int = 64_000_000
    """Bytes in one line or one JSON document."""
    session: int = 128_000_000
    """Bytes in one file that is one transcript."""
    memory: int = 400_000_000
    """Bytes that one parsed document may take, estimated from its punctuation."""
    unpacked: int = 4_000_000_000
    """Bytes that one packed file may unpack to."""
    ratio: int = 250
    """How many times larger than its packed form a file of more than 64 MB may be."""
    members: int = 100_000
    """Files in one archive."""


LIMITS = Limits()
Usual: TypeAlias = Callable[[bytes, str], Transcript | None]
"""Makes a transcript of the bytes of a line and its place, where the line is as most of its format are."""


@dataclass(slots=True)
class Source:
    """One opened file: what an importer needs to recognise and to read it."""

    path: Path
    label: str
    """How the file is named to a person: its path, or its place in an archive or on standard input."""
    shape: str
    """document, lines or binary."""
    start: bytes
    value: Any = None
    """The document, or the first line that parses."""
    data: bytes | None = None
    """The whole content, where the file had to be transcoded."""
    limits: Limits = field(default_factory=lambda: LIMITS)
    span: Span | None = None
    """The part of a file of lines that is to be read, where several workers share it."""
    notes: tuple[str, ...] = ()
    reached: Callable[[int], None] | None = None
    """Takes how far the reading of lines has come."""
    mended: tuple[str, ...] = ()
    """What had to be replaced in the lines since a transcript was given."""

    def open(self) -> BinaryIO:
        """Open the content as bytes."""
        return BytesIO(self.data) if self.data is not None else self.path.open("rb", BUFFER)


def parse(data: bytes, limits: Limits = LIMITS) -> Any:
    """Return the JSON value in ``data``; bytes that are no UTF-8 are replaced, not refused.

    ``NaN`` and ``Infinity``, which Python writes and JSON does not know, are read as it means them.

    Raises:
        ImportFailure: The text is no JSON, is cut off, or would take too much memory.
    """
    return _parsed(data, limits)[0]


def _parsed(data: bytes, limits: Limits) -> tuple[Any, tuple[str, ...]]:
    """Return the JSON value in ``data`` and what had to be replaced in it."""
    if len(data) > HEAVY_FROM and _weight(data) > limits.memory:
        raise ImportFailure("would take too much memory")
    try:
        return orjson.loads(data), ()
    except orjson.JSONDecodeError as e:
        return _retried(data, e)


def _retried(data: bytes, problem: orjson.JSONDecodeError) -> tuple[Any, tuple[str, ...]]:
    text, notes = _mended(data)
    loads: list[Callable[[str], Any]] = [orjson.loads]
    if "NaN" in text or "Infinity" in text or "infinity" in problem.msg:
        loads.append(json.loads)
    for load in loads:
        try:
            return load(text), notes
        except (ValueError, RecursionError):
            pass
    if "depth" in problem.msg:
        raise ImportFailure("nested too deeply") from None
    cut = problem.pos >= len(text.rstrip()) or "EOF" in problem.msg or "end of data" in problem.msg
    raise ImportFailure("cut off" if cut else "not JSON") from None


def _mended(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of ``data`` without bytes and escapes that are no character, and what was replaced."""
    notes = []
    text = data.decode("utf-8", "replace")
    if "\ufffd" in text and text.encode() != data:
        notes.append(BYTES)
    if SURROGATE.search(text):
        whole = ESCAPES.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
        notes += [HALVES] if whole != text else []
        text = whole
    return text, tuple(notes)


def _weight(data: bytes) -> int:
    lists, objects, quotes = data.count(b"["), data.count(b"{"), data.count(b'"')
    return len(data) + 72 * lists + 240 * objects + 30 * quotes + 32 * data.count(b",")


def open_source(path: Path, label: str = "", limits: Limits = LIMITS) -> Source | Unread:
    """Open a file and say what shape it has, or why it cannot be read."""
    label = label or str(path)
    try:
        with path.open("rb") as stream:
            start = stream.read(HEAD)
    except OSError as e:
        return Unread(label, "cannot be opened", e.strerror or "")
    if not start.strip():
        return Unread(label, "empty file")
    source = Source(path, label, "binary", start, limits=limits)
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _transcoded(source)
    return source if b"\0" in start[:1024] else _text(source)


def _transcoded(source: Source) -> Source | Unread:
    with source.path.open("rb") as stream:
        raw = stream.read(source.limits.line + 1)
    if len(raw) > source.limits.line:
        return Unread(source.label, "document too long")
    source.data = raw.decode("utf-16", "replace").encode()
    source.start = source.data[:HEAD]
    source.notes = ("the file was UTF-16",)
    return _text(source)


def _text(source: Source) -> Source | Unread:
    if source.start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        source.shape = "text"
        return source
    with source.open() as stream:
        first = stream.readline(source.limits.line + 1).removeprefix(b"\xef\xbb\xbf")
        try:
            source.value, notes = _parsed(first, source.limits)
        except ImportFailure:
            return _document(source, first, stream)
        source.shape = "lines" if _more(stream) else "document"
    if source.shape == "document":
        source.notes += notes
    return source


def _more(stream: BinaryIO) -> bool:
    while chunk := stream.read(HEAD):
        if chunk.strip():
            return True
    return False


def _document(source: Source, first: bytes, stream: BinaryIO) -> Source | Unread:
    room = source.limits.line - len(first)
    rest = stream.read(room + 1) if room > 0 else b""
    whole = len(rest) <= room and room > 0
    problem = "document too long"
    if whole:
        try:
            source.value, notes = _values(first + rest, source.limits)
        except ImportFailure as e:
            problem = str(e)
        else:
            source.shape = "document"
            source.notes += notes
            return source
    return _broken_lines(source, problem)


def _values(data: bytes, limits: Limits) -> tuple[Any, tuple[str, ...]]:
    """Return the document in ``data``, or a list of those that stand there one after another."""
    try:
        return _parsed(data, limits)
    except ImportFailure:
        text, notes = _mended(data)
        found = _several(text)
        if len(found) < 2:
            raise
        return found, notes


def _several(text: str) -> list[Any]:
    """Return the documents that a text is, or none where anything else is between or behind them."""
    decode, at = json.JSONDecoder().raw_decode, 0
    found: list[Any] = []
    try:
        while rest := _SPACE.match(text, at):
            if rest.end() == len(text):
                return found
            value, at = decode(text, rest.end())
            found.append(value)
    except (ValueError, RecursionError):
        pass
    return []


def _broken_lines(source: Source, problem: str) -> Source | Unread:
    """Take the file for lines of JSON if one of its first lines parses as an object."""
    source.shape = "lines"
    for tried, (_, value) in enumerate(lines(source)):
        if isinstance(value, dict):
            source.value, source.mended = value, ()
            return source
        if tried >= PATIENCE:
            break
    return Unread(source.label, problem)


def lines(source: Source, usual: Usual | None = None) -> Iterator[tuple[str, Any]]:
    """Give each line's place and its value, an ``Unread``, or the transcript that ``usual`` makes of it.

    Where ``usual`` makes nothing of many lines one after another, it is not asked any more.
    """
    with source.open() as stream:
        start, end, number = source.span or Span(0, 1 << 62, 0)
        stream.seek(start)
        position = start
        limit, label, missed = source.limits.line, source.label, 0
        while position < end and (line := stream.readline(limit)):
            number += 1
            position += len(line)
            where = f"{label}:{number}"
            if len(line) >= limit and not line.endswith(b"\n"):
                position += skip_line(stream)
                yield where, Unread(where, "line too long")
            elif (
                usual
                and missed < PATIENCE
                and len(line) < HEAVY_FROM
                and (made := usual(line, where))
            ):
                missed = 0
                yield where, made
            elif not line.isspace():
                missed += 1
                yield where, _line(line, source, where)
            if source.reached is not None:
                source.reached(position - start)


def _line(line: bytes, source: Source, where: str) -> Any:
    try:
        return orjson.loads(line) if len(line) < HEAVY_FROM else parse(line, source.limits)
    except (orjson.JSONDecodeError, ImportFailure):
        pass
    try:
        value, notes = _parsed(line.removeprefix(b"\xef\xbb\xbf"), source.limits)
    except ImportFailure as e:
        return Unread(where, str(e))
    source.mended += tuple(note for note in notes if note not in source.mended)
    return value


def skip_line(stream: BinaryIO) -> int:
    """Read to the end of the line, however long it is; return how many bytes that were."""
    skipped = 0
    while chunk := stream.readline(1 << 20):
        skipped += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return skipped
