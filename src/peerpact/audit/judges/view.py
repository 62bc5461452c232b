"""The scored rows of one judge, as every question looks at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peerpact.audit.judges.arms import Arms
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
    rows = rows[np.argsort(judge[rows], kind="stable")]
    ends = np.searchsorted(judge[rows], np.arange(len(table.judges) + 1))
    found = []
    for number, name in enumerate(table.judges):
        mine = rows[ends[number] : ends[number + 1]]
        taken = table.take(mine)
        found.append(View(name, number, taken, mine, Arms(taken)))
    return found
