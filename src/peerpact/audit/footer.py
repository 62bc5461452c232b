"""How large a parquet file says that it is once unpacked: read from its footer, before anything is unpacked.

The footer is a struct in Thrift's compact protocol; of it only the column chunks are of interest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from peerpact.errors import ImportFailure

__all__ = ["LARGEST", "check_size", "group_sizes"]

LARGEST = 2_000_000_000
"""Bytes that a table may take in memory."""
LONGEST = 64_000_000
"""Bytes of a footer."""
CELL = 16
"""Bytes that a value takes in memory at least, however well it was packed."""
DEEPEST = 16
STRUCT, LIST, SET, MAP, TRUE, FALSE, BYTE, DOUBLE, BINARY = 12, 9, 10, 11, 1, 2, 3, 7, 8
ROW_GROUPS, CHUNKS, META, PATH, VALUES, SIZE = 4, 1, 3, 3, 5, 6
"""Fields of FileMetaData, RowGroup, ColumnChunk and ColumnMetaData."""


def check_size(path: Path, columns: Collection[str] = ()) -> None:
    """Refuse a parquet file whose columns, of all or of these, would not fit into memory.

    Raises:
        ImportFailure: It would take too much, or its footer cannot be read.
    """
    size = sum(group_sizes(path, columns))
    if size > LARGEST:
        raise ImportFailure(
            f"{path}: unpacked, this table takes {size / 1e9:,.1f} GB, and {LARGEST / 1e9:g} GB is the most "
            "that is read; split it"
        )


def group_sizes(path: Path, columns: Collection[str] = ()) -> tuple[int, ...]:
    """Return the bytes that columns take in memory, for each group of rows; all columns by default.

    Raises:
        ImportFailure: The footer cannot be read.
    """
    try:
        footer = _Reader(_footer(path)).struct()
        return tuple(_group_size(group[CHUNKS], columns) for group in footer[ROW_GROUPS])
    except (IndexError, KeyError, TypeError, ValueError, OSError) as e:
        raise ImportFailure(f"{path}: the footer of this parquet file is damaged") from e


def _group_size(chunks: Iterable[Mapping[int, Any]], columns: Collection[str]) -> int:
    known = (chunk[META] for chunk in chunks)
    return sum(
        chunk[SIZE] + CELL * chunk[VALUES]
        for chunk in known
        if not columns or chunk[PATH][0].decode() in columns
    )


def _footer(path: Path) -> bytes:
    with path.open("rb") as stream:
        end = stream.seek(0, 2)
        stream.seek(max(0, end - 8))
        tail = stream.read(8)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != b"PAR1" or length > min(end - 8, LONGEST):
            raise ValueError("no footer")
        stream.seek(end - 8 - length)
        return stream.read(length)


class _Reader:
    """Thrift's compact protocol, as far as a footer needs it: structs become mappings of field to value."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._depth = data, 0, 0

    def struct(self) -> Mapping[int, Any]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError("nested too deeply")
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            found[field] = kind == TRUE if kind in {TRUE, FALSE} else self._value(kind)
        self._depth -= 1
        return found

    def _value(self, kind: int) -> Any:
        if kind == STRUCT:
            return self.struct()
        if kind in {LIST, SET}:
            return self._list()
        if kind == MAP:
            return self._map()
        if kind in {DOUBLE, BINARY}:
            return self._bytes(8 if kind == DOUBLE else self._number())
        return self._byte() if kind in {TRUE, FALSE, BYTE} else self._signed()

    def _list(self) -> list[Any]:
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._number()
        return [self._value(head & 15) for _ in range(size)]

    def _map(self) -> list[tuple[Any, Any]]:
        size = self._number()
        kinds = self._byte() if size else 0
        return [(self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(size)]

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._data):
            raise IndexError("the footer ends too early")
        return self._data[self._at - size : self._at]

    def _number(self) -> int:
        found = shift = 0
        while (byte := self._byte()) & 128:
            found |= (byte & 127) << shift
            shift += 7
        return found | byte << shift

    def _signed(self) -> int:
        number = self._number()
        return number >> 1 ^ -(number & 1)
