"""What was held against the bar: each score, or the mean over items where items are marked right or wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peerpact.audit.judges.arms import Arms
from peerpact.audit.judges.table import Codes, Floats, joint
from peerpact.audit.judges.view import View

__all__ = ["Verdicts", "bar_on_scale", "verdicts"]


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Verdicts of one judge; ``of_means`` if each is a mean over items."""

    value: Floats
    bar: Floats
    first: Codes
    """A row of each verdict, which stands for its arms."""
    code: Codes
    """The verdict that each row belongs to."""
    of_means: bool


def bar_on_scale(view: View) -> Floats:
    """Return the bars in the units of the score; a bar in percent over scores from 0 to 1 is divided."""
    bar, scale = view.arms.bar, view.table.scale
    if scale is None or scale.highest > 1 or not (bar > 1).any():
        return bar
    return np.where(bar > 1, bar / 100, bar)


def verdicts(view: View) -> Verdicts:
    """Return what a judge's scores decide.

    Where all scores are 0 or 1, the table has items and bars lie between, a verdict is the mean over
    the items of one judged model, run and arm. Elsewhere each score is a verdict.
    """
    score, bar = view.table.score, bar_on_scale(view)
    every = np.arange(len(score))
    marks = view.arms.items is not None and bool(np.isin(score, (0.0, 1.0)).all())
    if not marks or not ((bar > 0) & (bar < 1)).any():
        return Verdicts(score, bar, every, every, False)
    code = _sheet(view.arms)
    first = np.zeros(int(code.max()) + 1, dtype=np.int64)
    first[code[::-1]] = every[::-1]
    mean = np.bincount(code, weights=score) / np.bincount(code)
    return Verdicts(mean, bar[first], first, code, True)


def _sheet(arms: Arms) -> Codes:
    return joint(arms.work, arms.table.codes("run"), arms.told, arms.partner, arms.bar_codes)
