"""The scored rows of one judge, as every question looks at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peerpact.audit.judges.arms import Arms
from peerpact.audit.judges.cores import side_by_side
from peerpact.audit.judges.table import Codes, ScoreTable

__all__ = ["View", "views"]


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
