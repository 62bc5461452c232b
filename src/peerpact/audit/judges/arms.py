"""Which rows of a judge were judged under stakes, with which partner, at which bar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from peerpact.audit.judges.columns import vocabulary
from peerpact.audit.judges.table import Bools, Codes, Floats, ScoreTable, joint

__all__ = ["BARE", "MOST_BARS", "Arms", "Scope", "baseline"]

BARE = "no bar"
"""The part of a table in which no bar was told, where one was told elsewhere."""
MOST_BARS = 6
"""Bars that are looked at one by one, those with most rows first."""

_LEAST_SHARE = 0.1


@dataclass(frozen=True)
class Arms:
    """The arms of a table's scored rows: 1 is the arm in question, 0 its control, -1 neither."""

    table: ScoreTable
    """Scored rows only."""

    @cached_property
    def told(self) -> Codes:
        """Whether the judge was told that something is at stake."""
        labels = self.table.labels.get("stakes")
        known = self._flags("stakes") if labels else np.zeros(self.table.rows, dtype=np.int64)
        if "disclosed" not in self.table.labels:
            return known
        disclosed = self._flags("disclosed")
        if labels is None:
            return disclosed
        return np.where((disclosed == 0) & (known >= 0), 0, np.where(disclosed < 0, -1, known))

    @cached_property
    def partner(self) -> Codes:
        """Whether the judge had a relationship with the judged."""
        if "relationship" not in self.table.labels:
            return np.zeros(self.table.rows, dtype=np.int64)
        return self._flags("relationship")

    @cached_property
    def bar(self) -> Floats:
        """The bar that the judge was told; NaN for none."""
        return self.table.number("bar")

    @cached_property
    def work(self) -> Codes:
        """What was judged, but for the item: judged model and group."""
        return joint(self.table.codes("judged"), self.table.codes("group"))

    @cached_property
    def items(self) -> Codes | None:
        """The items, where the table has any."""
        return self.table.items

    @property
    def stakes_vary(self) -> bool:
        """Whether the table says of rows whether something was at stake."""
        return bool({"stakes", "disclosed"} & set(self.table.labels))

    def _flags(self, role: str) -> Codes:
        words = vocabulary().words
        return self.table.labels[role].flags(words.none, words.opposed)

    @cached_property
    def _bars(self) -> Floats:
        return np.unique(self.bar[~np.isnan(self.bar)])

    @cached_property
    def bar_codes(self) -> Codes:
        """The bar of each row as a code; 0 for none."""
        place = np.searchsorted(self._bars, self.bar)
        return np.where(np.isnan(self.bar), 0, place + 1)

    def bars(self, rows: Bools) -> Floats:
        """Return the bars of some rows, those with most rows, in ascending order."""
        n = np.bincount(self.bar_codes[rows], minlength=len(self._bars) + 1)[1:]
        most = np.argsort(-n, kind="stable")[:MOST_BARS]
        return np.sort(self._bars[most[n[most] > 0]])

    def bars_beyond(self) -> tuple[int, int]:
        """Return how many bars, with how many rows, are too many to be looked at one by one."""
        n = np.sort(np.bincount(self.bar_codes)[1:])[::-1][MOST_BARS:]
        return len(n), int(n.sum())

    def scopes(self) -> Iterator[Scope]:
        """Yield the parts of a judge's rows in which arms can be compared: one for each bar told.

        Control rows belong to the part of the bar that they were told; if none of them was told a
        bar, they are the control of every part.
        """
        told, control = self.told == 1, self.told == 0
        bare = np.isnan(self.bar)
        if not told.any():  # no stakes: every bar is a part of its own
            told = control
            control = np.zeros_like(told)
        for bar in self.bars(told):
            at_bar = self.bar == bar
            same = control & at_bar
            yield Scope(
                f"bar {bar:g}",
                (told & at_bar) | (same if same.any() else control & bare),
                bool(control.any() and not same.any()),
            )
        if (told & bare).any():
            name = "" if bare.all() else BARE
            yield Scope(name, (told | control) & bare, False)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Rows in which arms can be compared; ``bar_with_stakes`` if only the arm with stakes was told a bar."""

    name: str
    rows: Bools
    bar_with_stakes: bool


def baseline(table: ScoreTable) -> tuple[Codes, tuple[str, ...]]:
    """Return the scored rows without stakes, bar and partner, as far as there are enough of them.

    Leniency and favour to the own family are looked for there, so that what stakes, bars and
    partners do is not taken for them. Also returned: codes of what could not be kept apart.
    """
    arms = Arms(table)
    rows = ~np.isnan(table.score)
    caveats = []
    for name, plain in (
        ("with_stakes", arms.told == 0),
        ("with_bars", np.isnan(arms.bar)),
        ("with_partners", arms.partner == 0),
    ):
        if (rows & plain).sum() >= max(_LEAST_SHARE * rows.sum(), 1):
            rows = rows & plain
        elif rows.any():
            caveats.append(name)
    return np.flatnonzero(rows), tuple(caveats)
