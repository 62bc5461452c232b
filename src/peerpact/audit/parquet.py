"""Rows of a parquet file, a bounded batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from peerpact.audit.footer import LARGEST, group_sizes
from peerpact.audit.reading import Source
from peerpact.audit.transcript import Unread
from peerpact.errors import ImportFailure

__all__ = ["columns", "is_parquet", "rows"]

MAGIC = b"PAR1"
ROWS = 512
ROOM = 64_000_000
"""Bytes that one batch may take, if its rows are of average size."""
SWELLING = 8
"""How much larger a row is taken to be than its packed form."""


def is_parquet(source: Source) -> bool:
    """Whether the source begins as parquet does."""
    return source.start[:4] == MAGIC


def columns(source: Source) -> frozenset[str]:
    """Return the names of the columns; none where the file is damaged."""
    polars = import_module("polars")
    try:
        return frozenset(polars.read_parquet_schema(source.path))
    except _problems(polars):
        return frozenset()


def rows(source: Source) -> Iterator[tuple[str, Any]]:
    """Give each row with its place; a damaged file ends in an ``Unread``."""
    polars = import_module("polars")
    try:
        largest = max(group_sizes(source.path), default=0)
    except ImportFailure as e:
        yield source.label, Unread(source.label, "damaged parquet", str(e)[:200])
        return
    if largest > LARGEST:
        yield source.label, Unread(source.label, "unpacks too far", f"{largest:,} bytes")
        return
    try:
        frame = polars.scan_parquet(source.path)
        total = frame.select(polars.len()).collect().item()
        size = max(1, SWELLING * source.path.stat().st_size // max(1, total))
        batch = min(ROWS, max(1, ROOM // size))
        for start in range(0, total, batch):
            held = frame.slice(start, batch).collect().iter_rows(named=True)
            for number, row in enumerate(held, start):
                yield f"{source.label}#{number}", row
    except _problems(polars) as e:
        yield source.label, Unread(source.label, "damaged parquet", str(e)[:200])


def _problems(polars: Any) -> tuple[type[BaseException], ...]:
    return polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError, ValueError
