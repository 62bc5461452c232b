"""Tables that fit a terminal: what rows share moves to a line of its own, then spare columns are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.padding import Padding
from rich.table import Table

__all__ = ["Columns"]

Row = Mapping[str, str]
FOLDED = 28
"""A text wider than this is folded before a column is left out for it."""
GAP = 2
INDENT = "  "
"""Before a row that stands below a line with what it shares."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table may show, and what of it goes first where a terminal is narrow."""

    title: str
    names: Sequence[str]
    """Columns, from left to right."""
    texts: frozenset[str]
    """Columns of words, which stand left and may fold; numbers stand right and never do."""
    leading: Sequence[str] = ()
    """Columns, the first ones, whose values several rows share; a narrow table has a line for them."""
    spare: Sequence[str] = ()
    """Columns that a narrow table leaves out, in this order."""
    file: str = ""
    """Where all of them stand."""
    empty: frozenset[str] = field(default=frozenset())
    """Columns without a value, which no table shows."""

    def table(self, rows: Sequence[Row], width: int) -> Table:
        """Return the widest table of these rows that fits."""
        shown = [name for name in self.names if name not in self.empty]
        if _width(shown, rows, GAP) <= width:
            return self._table(shown, _once(rows, self.leading), GAP)
        shown = [name for name in shown if name not in self.leading]
        grouped = _grouped(rows, self.leading, shown[0]) if self.leading else rows
        left_out = []
        for name in [name for name in self.spare if name in shown]:
            if _width(shown, grouped, 1) <= width:
                break
            shown.remove(name)
            left_out.append(name)
        gap = GAP if _width(shown, grouped, GAP) <= width else 1
        return self._table(shown, grouped, gap, left_out)

    def _table(
        self, shown: Sequence[str], rows: Sequence[Row], gap: int, left_out: Sequence[str] = ()
    ) -> Table:
        table = Table(
            title=self.title, title_justify="left", title_style="bold", pad_edge=False, box=None,
            padding=(0, gap, 0, 0), caption_justify="left",
            caption=f"only in {self.file}: {', '.join(left_out)}" if left_out else None,
        )  # fmt: skip
        for name in shown:
            text = name in self.texts
            justify, fold = ("left", "fold") if text else ("right", "ellipsis")
            table.add_column(name, justify=justify, overflow=fold, no_wrap=not text)  # type: ignore[arg-type]
        for row in rows:
            table.add_row(*(_indented(row.get(name, "")) for name in shown))
        return table


def _indented(text: str) -> str | Padding:
    """Return a text whose further lines, too, stand as far in as its first."""
    return Padding(text[len(INDENT) :], (0, 0, 0, len(INDENT))) if text.startswith(INDENT) else text


def _width(shown: Sequence[str], rows: Sequence[Row], gap: int) -> int:
    widest = (
        max(cell_len(text) for text in (name, *(row.get(name, "") for row in rows)))
        for name in shown
    )
    return sum(min(n, FOLDED) for n in widest) + gap * (len(shown) - 1)


def _once(rows: Sequence[Row], leading: Sequence[str]) -> list[Row]:
    """Return rows without a single leading value that stands above already."""
    if len(leading) != 1:
        return list(rows)
    repeated = (before is not None and _same(row, before, leading) for row, before in _pairs(rows))
    return [{**row, leading[0]: ""} if r else row for row, r in zip(rows, repeated, strict=True)]


def _grouped(rows: Sequence[Row], leading: Sequence[str], first: str) -> list[Row]:
    """Return rows below a line with what they share."""
    grouped: list[Row] = []
    for row, before in _pairs(rows):
        if before is None or not _same(row, before, leading):
            grouped.append({first: " · ".join(row[name] for name in leading)})
        grouped.append({**row, first: f"{INDENT}{row[first]}"})
    return grouped


def _pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, Row | None]]:
    """Yield each row with the one before it."""
    return zip(rows, (None, *rows), strict=False)


def _same(row: Row, before: Row, leading: Sequence[str]) -> bool:
    return all(row[name] == before[name] for name in leading)
