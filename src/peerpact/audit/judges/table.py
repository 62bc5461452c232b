"""Scores that judges gave, as arrays: one entry a row, labels as codes, what is missing as NaN or -1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peerpact.audit.judges.columns import named
from peerpact.errors import StudyError

__all__ = [
    "LEAST_RUNS",
    "Bools",
    "Codes",
    "Floats",
    "Labels",
    "Scale",
    "ScoreTable",
    "first_rows",
    "joint",
]

LEAST_RUNS = 6
"""With fewer runs it is not known how scores vary from run to run."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]
_NOTHING: Mapping[str, int] = MappingProxyType({})


class Scale(NamedTuple):
    """The lowest and the highest score that there can be."""

    lowest: float
    highest: float

    @classmethod
    def stated(cls, lowest: float, highest: float) -> Scale:
        """Return a scale that somebody named.

        Raises:
            StudyError: It does not go from a lower to a higher number.
        """
        if not (isfinite(lowest) and isfinite(highest) and lowest < highest):
            raise StudyError(
                "a scale goes from its lowest to its highest score",
                where="--scale",
                found=f"{lowest:g} {highest:g}",
            )
        return cls(lowest, highest)

    @property
    def width(self) -> float:
        """Distance between the two."""
        return self.highest - self.lowest


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """One name a row, as a number into ``names``; -1 where the cell is empty."""

    codes: Codes
    names: tuple[str, ...]

    def take(self, rows: Codes) -> Labels:
        """Return the labels of some rows."""
        return Labels(self.codes[rows], self.names)

    def counts(self) -> Mapping[str, int]:
        """Return how often each name occurs."""
        found = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
        return {name: int(n) for name, n in zip(self.names, found, strict=True) if n}

    def flags(self, zero: frozenset[str], other: frozenset[str] = frozenset()) -> Codes:
        """Return 0 for rows whose name is one of ``zero``, 1 for other names, -1 for ``other`` and none.

        Where no name at all is one of ``zero``, an empty cell is what stands for it.
        """
        words = [named(name) for name in self.names]
        by_name = [0 if word in zero else -1 if word in other else 1 for word in words]
        empty = -1 if 0 in by_name else 0
        return np.array([*by_name, empty], dtype=np.int64)[self.codes]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """A table of scores; rows without a usable score are kept, with the reason in ``excluded``."""

    score: Floats
    labels: Mapping[str, Labels]
    """By role; ``judge`` is always there."""
    numbers: Mapping[str, Floats]
    """By role: gold, bar, order, time (seconds)."""
    excluded: Labels
    """Why a row has no usable score; -1 where it has one."""
    scale: Scale | None
    columns: Mapping[str, str]
    """The table's own column name of each role."""
    skipped: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    """Rows that could not be read at all, by reason."""
    notes: tuple[str, ...] = ()
    """Codes of what a reader of the results has to know about the table."""

    @property
    def rows(self) -> int:
        """How many rows there are, scored or not."""
        return len(self.score)

    @property
    def judges(self) -> tuple[str, ...]:
        """The judges' names."""
        return self.labels["judge"].names

    def has(self, *roles: str) -> bool:
        """Whether the table has a column for each role."""
        return all(role in self.columns for role in roles)

    def take(self, rows: Codes) -> ScoreTable:
        """Return the same table with some of its rows."""
        return ScoreTable(
            self.score[rows],
            {role: labels.take(rows) for role, labels in self.labels.items()},
            {role: values[rows] for role, values in self.numbers.items()},
            self.excluded.take(rows),
            self.scale,
            self.columns,
            self.skipped,
            self.notes,
        )

    def codes(self, role: str) -> Codes:
        """Return the codes of a role; zeros where the table has no such column."""
        labels = self.labels.get(role)
        return np.zeros(self.rows, dtype=np.int64) if labels is None else labels.codes

    @property
    def items(self) -> Codes | None:
        """The item of each row, where the table has any; a row without one is an item of its own."""
        return self._own_where_empty("item")

    @property
    def runs(self) -> Codes | None:
        """The run of each row, where the table has any; a row without one is a run of its own."""
        return self._own_where_empty("run")

    def runs_of(self, rows: Codes) -> Codes | None:
        """Return the run of some rows; names that are too few to be runs only count those of a piece of work."""
        if self.runs is None:
            return None
        names = joint(self.runs[rows])
        work = [self.codes(role)[rows] for role in ("judged", "group")]
        for runs in (names, joint(names, *work)):
            n = np.bincount(runs)
            if len(n) >= LEAST_RUNS:
                return runs if n.max() > 1 else None
        return None

    def _own_where_empty(self, role: str) -> Codes | None:
        labels = self.labels.get(role)
        if labels is None or (labels.codes >= 0).all():
            return None if labels is None else labels.codes
        alone = len(labels.names) + np.arange(self.rows)
        return np.where(labels.codes < 0, alone, labels.codes)

    def number(self, role: str) -> Floats:
        """Return the numbers of a role; NaN where the table has no such column."""
        values = self.numbers.get(role)
        return np.full(self.rows, np.nan) if values is None else values


def joint(*columns: Codes) -> Codes:
    """Return one code for each combination of codes that occurs, from 0 without gaps."""
    if len(columns[0]) == 0:
        return columns[0].astype(np.int64)
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        low = int(column.min())
        span = int(column.max()) - low + 1
        if span > 1:
            key = _dense(key) if int(key.max()) > (1 << 62) // span else key
            key = key * span + (column - low)
    return _dense(key)


def _dense(key: Codes) -> Codes:
    top = int(key.max()) + 1
    if top > 8 * len(key) + 1024:
        return np.unique(key, return_inverse=True)[1].astype(np.int64)
    used = np.zeros(top, dtype=bool)
    used[key] = True
    return np.asarray(np.cumsum(used)[key] - 1, dtype=np.int64)


def first_rows(codes: Codes) -> Codes:
    """Return the first row of each code, of codes without gaps."""
    rows = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    rows[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return rows
