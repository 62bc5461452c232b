"""The scored rows of one judge, as every question looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Any, TypeVar

import numpy as np

from peerpact.audit.judges.arms import Arms
from peerpact.audit.judges.table import Codes, ScoreTable

__all__ = ["View", "side_by_side", "views"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One judge: its scored rows, their numbers in the whole table, and their arms."""

    judge: str
    number: int
    table: ScoreTable
    rows: Codes
    arms: Arms


def views(table: ScoreTable) -> list[View]:
    """Return the judges of a table with their scored rows, in the table's order."""
    judge = table.labels["judge"].codes
    rows = np.flatnonzero(~np.isnan(table.score) & (judge >= 0))
    narrow = judge[rows].astype(
        np.min_scalar_type(len(table.judges))
    )  # sorted by its digits, if they are few
    rows = rows[np.argsort(narrow, kind="stable")]
    ends = np.searchsorted(judge[rows], np.arange(len(table.judges) + 1))

    def view(number: int, name: str) -> View:
        mine = rows[ends[number] : ends[number + 1]]
        taken = table.take(mine)
        return View(name, number, taken, mine, Arms(taken))

    return list(side_by_side(view, range(len(table.judges)), table.judges))


def side_by_side(work: Callable[..., T], *things: Iterable[Any]) -> Iterator[T]:
    """Do the work for each thing on all cores, in order; most of it is NumPy's, which lets other threads work."""
    with ThreadPoolExecutor(cpu_count()) as pool:
        yield from pool.map(work, *things)
