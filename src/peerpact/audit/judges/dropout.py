"""Do scores go missing more often in one arm? Then what is left of it is not the same kind of work."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np

from peerpact.audit.judges.answers import Answer, Untested
from peerpact.audit.judges.arms import Arms
from peerpact.audit.judges.comparison import Comparison, compare
from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Codes, ScoreTable
from peerpact.statistics import agreeing, difference

__all__ = ["QUESTION", "answers"]

QUESTION = "drop_out"
_COUNTS = ("missing", "rows", "missing_control", "rows_control")


def answers(table: ScoreTable, level: float) -> Iterator[Answer]:
    """Yield for each judge how much more often a score is missing under stakes than without."""
    arms = Arms(table)
    judge = table.labels["judge"].codes
    lost = np.isnan(table.score)
    cell = ((judge * 2) + arms.told) * 2 + lost
    usable = (judge >= 0) & (arms.told >= 0)
    counts = np.bincount(cell[usable], minlength=4 * len(table.judges)).reshape(-1, 2, 2)
    for number, name in enumerate(table.judges):
        (kept0, lost0), (kept1, lost1) = counts[number].tolist()
        if not arms.stakes_vary:
            yield Untested(name, QUESTION, "no_column", {"role": "stakes"})
        elif not (kept0 + lost0 and kept1 + lost1):
            facts = {"rows": [kept0 + lost0, kept1 + lost1]}
            yield Untested(name, QUESTION, "empty_arm", facts)
        elif not (kept0 or kept1):
            yield Untested(name, QUESTION, "no_score")
        elif not (lost0 or lost1):
            yield Untested(name, QUESTION, "nothing_missing", {"rows": [kept0, kept1]})
        else:
            rows = np.flatnonzero(usable & (judge == number))
            found = lost1, kept1 + lost1, lost0, kept0 + lost0
            yield compare(_comparison(table, arms, name, rows, found), level=level, unpaired=_whole)


def _comparison(
    table: ScoreTable, arms: Arms, judge: str, rows: Codes, counts: tuple[int, int, int, int]
) -> Comparison:
    return Comparison(
        judge=judge,
        question=QUESTION,
        quantity="effect",
        scope="",
        control="stakes",
        values=np.isnan(table.score[rows]).astype(np.float64),
        arm=arms.told[rows],
        weights=(-1.0, 1.0),
        strata=np.zeros_like(rows),
        items=None,
        rows=rows,
        facts=dict(zip(_COUNTS, counts, strict=True)),
        runs=None if table.runs is None else table.runs[rows],
    )


def _whole(comparison: Comparison, level: float) -> tuple[Tested | None, str]:
    x1, n1, x0, n0 = (comparison.facts[name] for name in _COUNTS)
    found = difference(x1, n1, x0, n0, level=level)
    p = 1.0 if found.p is None else found.p
    low, high = agreeing(found.low, found.high, p, level=level)
    share = (x1 + x0) / (n1 + n0)
    error = sqrt(share * (1 - share) * (1 / n1 + 1 / n0))
    return Tested(found.value or 0.0, low, high, p, error, found.test, n1 + n0), "row"
