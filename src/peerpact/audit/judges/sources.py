"""Files to data frames: only the columns that play a role, every label as text, faults counted."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from peerpact.audit.findings import plain
from peerpact.audit.footer import LARGEST, check_size
from peerpact.audit.judges.columns import Vocabulary, resolve, vocabulary
from peerpact.errors import ImportFailure

__all__ = ["LONGEST_LINE", "Loaded", "load", "parsed_lines"]

LONGEST_LINE = 1 << 20
"""Bytes; a longer line of JSON is no row of scores."""

LARGEST_DOCUMENT = 1 << 28
"""Bytes of a JSON document that is read as a whole."""

_HEAD = 1 << 16
_END = re.compile(rb"\r*\n|\r")
_PEEK = 200
_TABLES = {".csv", ".tsv", ".txt"}
_LINES = {".jsonl", ".ndjson"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A polars data frame, and the rows that could not be read, by reason."""

    frame: Any
    skipped: Mapping[str, int]
    notes: tuple[str, ...] = ()


Read = tuple[Loaded, Mapping[str, str]]


def load(path: Path, columns: Mapping[str, str] | None, words: Vocabulary | None = None) -> Read:
    """Read the columns of a file that play a role, and say which they are.

    Args:
        path: The file.
        columns: Column names by role; they go before the aliases.
        words: Roles and aliases; by default those of an audit of scores.

    Raises:
        ImportFailure: The file cannot be read as a table.
        StudyError: A needed column is missing or a named one does not exist.
    """
    suffix = path.suffix.lower()
    readers = {".parquet": _parquet, ".json": _document}
    readers |= dict.fromkeys(_TABLES, _separated) | dict.fromkeys(_LINES, _lines)
    if suffix not in readers:
        known = ", ".join(sorted(readers))
        raise ImportFailure(
            f"{path}: this is no table of scores; a file name ends in one of {known}"
        )
    polars = import_module("polars")
    try:
        return readers[suffix](path, columns, words)
    except (polars.exceptions.PolarsError, OSError, UnicodeError) as e:
        first = plain(str(e).strip().partition("\n")[0], 200)
        raise ImportFailure(f"{path}: this cannot be read as a table ({first})") from e


def _chosen(
    frame_columns: Iterable[str],
    given: Mapping[str, str] | None,
    path: Path,
    words: Vocabulary | None,
) -> Any:
    roles = resolve(frame_columns, given, str(path), words)
    return roles, list(dict.fromkeys(roles.values()))


def _parquet(path: Path, given: Mapping[str, str] | None, words: Vocabulary | None) -> Read:
    polars = import_module("polars")
    roles, names = _chosen(polars.read_parquet_schema(path), given, path, words)
    check_size(path, names)
    frame = polars.read_parquet(path, columns=names)
    texts = frame.select(polars.selectors.string().str.len_bytes().cast(polars.Int64).sum())
    if sum(size or 0 for size in next(texts.iter_rows(), ())) > LARGEST:
        raise ImportFailure(
            f"{path}: the texts in this table repeat too often to be read; split it"
        )
    return Loaded(frame, {}), roles


def _separated(path: Path, given: Mapping[str, str] | None, words: Vocabulary | None) -> Read:
    polars = import_module("polars")
    header, separator = _header(path)
    roles, names = _chosen(header, given, path, words)
    source, skipped = _without_long_lines(_with_line_ends(path))
    numbers = {roles[role] for role in vocabulary().numbers if role in roles}
    for kind in (polars.Float64, polars.String):  # numbers first; as text where a cell is none
        types = {name: kind if name in numbers else polars.String for name in names}
        try:
            frame = polars.read_csv(
                source,
                separator=separator,
                columns=names,
                schema_overrides=types,
                encoding="utf8-lossy",
                truncate_ragged_lines=True,
                infer_schema=False,
            )
        except polars.exceptions.ComputeError:
            if kind == polars.String:
                raise
            continue
        return Loaded(frame, skipped), roles
    raise ImportFailure(f"{path}: this cannot be read as a table")


def _with_line_ends(path: Path) -> Path | bytes:
    """Return the file, or its content where its lines end otherwise than by a line feed, as old programs write."""
    with path.open("rb") as stream:
        found = _END.search(stream.read(_HEAD))
    if found is None or found[0] in {b"\n", b"\r\n"}:
        return path
    return path.read_bytes().replace(found[0], b"\n")


def _opened(source: Path | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _without_long_lines(source: Path | bytes) -> tuple[Path | bytes, Mapping[str, int]]:
    """Return the file, or where a line of it is too long what it holds besides, and count what is left out."""
    if not _has_long_line(source):
        return source, {}
    with _opened(source) as stream:
        lines = list(_lines_of(stream))
    kept = b"".join(line for line in lines if line)
    return kept, {"line_too_long": sum(not line for line in lines)}


def _has_long_line(source: Path | bytes) -> bool:
    """Whether a stretch as long as the longest line holds no end of a line."""
    with _opened(source) as stream:
        while len(part := stream.read(LONGEST_LINE)) == LONGEST_LINE:
            if b"\n" not in part:
                return True
    return False


def _lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream; nothing in place of one that is too long."""
    for line in iter(lambda: stream.readline(LONGEST_LINE), b""):
        if not line.endswith(b"\n") and len(line) >= LONGEST_LINE:
            _skip_line(stream)
            yield b""
        else:
            yield line


def _header(path: Path) -> tuple[list[str], str]:
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        raise ImportFailure(f"{path}: this is not UTF-8 text; save it as UTF-8")
    first = head.decode("utf-8-sig", errors="replace").splitlines()[:1]
    if not first or not first[0].strip():
        raise ImportFailure(f"{path}: the first line names no columns")
    separator = max(",;\t|", key=first[0].count)
    return next(csv.reader(first, delimiter=separator)), separator


def _lines(path: Path, given: Mapping[str, str] | None, words: Vocabulary | None) -> Read:
    polars = import_module("polars")
    with path.open("rb") as stream:
        rows, _ = parsed_lines(stream, _PEEK)
    found = list(dict.fromkeys(key for row in rows for key in row))
    if not found:
        raise ImportFailure(f"{path}: no line of this file is a JSON object")
    roles, names = _chosen(found, given, path, words)
    text = dict.fromkeys(names, polars.String)
    if not _has_long_line(path):
        with suppress(polars.exceptions.PolarsError):
            return Loaded(polars.read_ndjson(path, schema=text), {}), roles
    with path.open("rb") as stream:
        lines, skipped = parsed_lines(stream, None)
    return Loaded(_frame(lines, names), skipped), roles


def parsed_lines(
    stream: BinaryIO, most: int | None
) -> tuple[list[dict[str, Any]], Mapping[str, int]]:
    """Return the lines that are JSON objects, and count those that are not."""
    rows: list[dict[str, Any]] = []
    skipped = {"unreadable_line": 0, "line_too_long": 0}
    for line in islice(_lines_of(stream), most):
        row = _object(line)
        if row is not None:
            rows.append(row)
        elif not line:
            skipped["line_too_long"] += 1
        elif line.strip():
            skipped["unreadable_line"] += 1
    return rows, {reason: n for reason, n in skipped.items() if n}


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        continue


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _frame(rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> Any:
    polars = import_module("polars")
    listed = list(rows)
    text = {name: [_text(row.get(name)) for row in listed] for name in names}
    return polars.DataFrame(text, schema=dict.fromkeys(text, polars.String))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return "" if isinstance(value, dict | list) else str(value)


def _document(path: Path, given: Mapping[str, str] | None, words: Vocabulary | None) -> Read:
    size = path.stat().st_size
    if size > LARGEST_DOCUMENT:
        raise ImportFailure(
            f"{path}: {size / 1e9:,.1f} GB are too much to be read as one piece; save it as JSON lines"
        )
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as e:
        raise ImportFailure(f"{path}: this is not JSON ({e})") from e
    rows = [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []
    if not rows:
        raise ImportFailure(f"{path}: this JSON is no list of rows")
    found = dict.fromkeys(key for row in rows[:_PEEK] for key in row)
    roles, names = _chosen(found, given, path, words)
    lost = len(document) - len(rows)
    return Loaded(_frame(rows, names), {"unreadable_line": lost} if lost else {}), roles
