"""Did scores move to the bar? Three looks, in the order in which they can be trusted.

``shift``: the same kind of work, judged under another bar. ``caliper``: just above against just
below the bar, where the same counts at other cuts, and of scores that were not told this bar, say
what is usual. ``density``: a jump in one large, finely graded pool of scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.caliper import Obstacle, against_control, against_placebos
from peerpact.audit.judges.comparison import Comparison, compare
from peerpact.audit.judges.density import density_jump, fine_enough
from peerpact.audit.judges.exact import stratified_difference
from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Bools, Codes, Floats, joint
from peerpact.audit.judges.verdicts import Verdicts, verdicts
from peerpact.audit.judges.view import View

__all__ = ["CALIPER_SHARE", "QUESTION", "answers", "comparisons"]

QUESTION = "bar_tracking"
CALIPER_SHARE = 0.03
"""Width of the caliper on each side of the bar, as a share of the scale; a step of the scores at the least."""

_SPREAD_SHARE = 0.5
_DIGITS = 9


def comparisons(view: View) -> Iterator[Comparison]:
    """Yield for each bar the share of scores that reach it, told this bar against told another or none."""
    decided = verdicts(view)
    yield from _comparisons(view, decided, _bars(view, _told(decided)))


def _comparisons(view: View, decided: Verdicts, bars: list[float]) -> Iterator[Comparison]:
    arms, first, runs = view.arms, decided.first, view.table.runs
    told, partner, work = arms.told[first], arms.partner[first], arms.work[first]
    kept = (told >= 0) & (partner >= 0)
    strata = joint(told, partner, work)
    for bar in bars:
        arm = (decided.bar == bar).astype(np.int64)
        rows = np.flatnonzero(kept & _in_both(strata, arm, kept))
        if len(rows) == 0:
            continue
        items = None if arms.items is None or decided.of_means else arms.items[first][rows]
        yield Comparison(
            judge=view.judge,
            question=QUESTION,
            quantity="shift",
            scope=f"bar {bar:g}",
            control="other_bar",
            values=(decided.value[rows] >= bar - 1e-9).astype(np.float64),
            arm=arm[rows],
            weights=(-1.0, 1.0),
            strata=joint(strata[rows]),
            items=items,
            rows=view.rows[first[rows]],
            direction=1,
            left_out=_lost(len(first) - len(rows)),
            facts=_passes(decided.value[rows] >= bar - 1e-9, arm[rows]),
            reach=1.0,
            runs=None if runs is None else runs[first][rows],
        )


def _told(decided: Verdicts) -> Floats:
    """Return the bars that were told, each once."""
    return np.unique(decided.bar[~np.isnan(decided.bar)])


def _bars(view: View, told: Floats) -> list[float]:
    most = {float(bar) for bar in view.arms.bars(np.ones(view.table.rows, dtype=bool))}
    return [bar for bar in told.tolist() if bar in most or bar * 100 in most]


def _in_both(strata: Codes, arm: Codes, kept: Bools) -> Bools:
    size = int(strata.max()) + 1 if len(strata) else 0
    seen = [np.bincount(strata[kept & (arm == a)], minlength=size) > 0 for a in (0, 1)]
    return np.asarray((seen[0] & seen[1])[strata])


def _lost(rows: int) -> dict[str, int]:
    return {"no_other_bar": rows} if rows else {}


def _passes(reached: Bools, arm: Codes) -> dict[str, int]:
    return {
        "reached": int(reached[arm == 1].sum()),
        "told": int((arm == 1).sum()),
        "reached_control": int(reached[arm == 0].sum()),
        "told_control": int((arm == 0).sum()),
    }


def answers(view: View, level: float) -> Iterator[Answer]:
    """Yield all three looks at every bar."""
    if "bar" not in view.table.numbers:
        yield Untested(view.judge, QUESTION, "no_column", {"role": "bar"})
        return
    decided = verdicts(view)
    told = _told(decided)
    bars = _bars(view, told)
    if not bars:
        yield Untested(view.judge, QUESTION, "no_bar")
        return
    width = _width(view, decided.value)
    shifts = {c.scope: c for c in _comparisons(view, decided, bars)}
    for bar in bars:
        scope = f"bar {bar:g}"
        if scope in shifts:
            yield _shift(shifts[scope], level)
        else:
            yield Untested(view.judge, QUESTION, "one_bar", {}, "shift", scope)
        yield _caliper(view, decided, (bar, told[told != bar]), width, level)
        yield _density(view, decided, bar, level)


def _shift(comparison: Comparison, level: float) -> Answer:
    if np.ptp(comparison.values) == 0:
        facts = comparison.facts
        return Untested(
            comparison.judge, QUESTION, "same_verdict", facts, "shift", comparison.scope
        )
    return compare(comparison, level=level, unpaired=stratified_difference)


def _width(view: View, scores: Floats) -> float:
    scale = view.table.scale
    width = scale.width * CALIPER_SHARE if scale else float(scores.std()) * _SPREAD_SHARE
    steps = np.diff(np.unique(np.round(scores, _DIGITS)))
    return max(width, float(steps.min())) if len(steps) else 0.0


def _caliper(
    view: View, decided: Verdicts, bars: tuple[float, Floats], width: float, level: float
) -> Answer:
    """Look at the scores around the first of the bars; the others are no places to compare it with."""
    bar, other_bars = bars
    told_bar = decided.bar == bar
    scores, others = decided.value[told_bar], decided.value[~told_bar]
    if width == 0:
        facts = {"score": float(decided.value[0])}
        return Untested(view.judge, QUESTION, "constant", facts, "caliper", f"bar {bar:g}")
    if len(others):
        control = "other_cuts_and_arm"
        found = against_control(scores, others, bar, width, other_bars, level)
    else:
        control = "other_cuts"
        found = against_placebos(scores, bar, width, level)
    if isinstance(found, Obstacle):
        return Untested(view.judge, QUESTION, found.reason, found.facts, "caliper", f"bar {bar:g}")
    return _estimate(view, "caliper", bar, control, found[0], level, found[1])


def _density(view: View, decided: Verdicts, bar: float, level: float) -> Answer:
    scores = decided.value[decided.bar == bar]
    obstacle = fine_enough(scores, bar)
    if obstacle:
        return Untested(
            view.judge, QUESTION, obstacle.reason, obstacle.facts, "density", f"bar {bar:g}"
        )
    jump = density_jump(scores, bar, level=level)
    return _estimate(view, "density", bar, "own_scores", jump, level, {})


def _estimate(
    view: View,
    quantity: str,
    bar: float,
    control: str,
    tested: Tested,
    level: float,
    facts: Mapping[str, Any],
) -> Estimate:
    return Estimate(
        view.judge,
        QUESTION,
        quantity,
        f"bar {bar:g}",
        tested.value,
        tested.low,
        tested.high,
        level,
        tested.test,
        control,
        "row",
        tested.n,
        tested.p,
        direction=1,
        facts=facts,
    )
