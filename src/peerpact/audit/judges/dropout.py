"""Do scores go missing more often in one arm? Then what is left of it is not the same kind of work."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.arms import Arms
from peerpact.audit.judges.table import ScoreTable
from peerpact.statistics import agreeing, difference

__all__ = ["QUESTION", "answers"]

QUESTION = "drop_out"


def answers(table: ScoreTable, level: float) -> Iterator[Answer]:
    """Yield for each judge how much more often a score is missing under stakes than without."""
    arms = Arms(table)
    judge = table.labels["judge"].codes
    lost = np.isnan(table.score)
    cell = ((judge * 2) + arms.told) * 2 + lost
    usable = (judge >= 0) & (arms.told >= 0)
    counts = np.bincount(cell[usable], minlength=4 * len(table.judges)).reshape(-1, 2, 2)
    for name, ((kept0, lost0), (kept1, lost1)) in zip(table.judges, counts.tolist(), strict=True):
        if not arms.stakes_vary:
            yield Untested(name, QUESTION, "no_column", {"role": "stakes"})
        elif not (kept0 + lost0 and kept1 + lost1):
            facts = {"rows": [kept0 + lost0, kept1 + lost1]}
            yield Untested(name, QUESTION, "empty_arm", facts)
        else:
            yield _estimate(name, (lost1, kept1 + lost1, lost0, kept0 + lost0), level)


def _estimate(judge: str, counts: tuple[int, int, int, int], level: float) -> Answer:
    x1, n1, x0, n0 = counts
    if x1 + x0 == 0:
        return Untested(judge, QUESTION, "nothing_missing", {"rows": [n0, n1]})
    found = difference(x1, n1, x0, n0, level=level)
    low, high = agreeing(found.low, found.high, 1.0 if found.p is None else found.p, level=level)
    return Estimate(
        judge,
        QUESTION,
        "effect",
        "",
        found.value or 0.0,
        low,
        high,
        level,
        found.test,
        "stakes",
        "row",
        n1 + n0,
        found.p,
        facts={"missing": x1, "rows": n1, "missing_control": x0, "rows_control": n0},
    )
