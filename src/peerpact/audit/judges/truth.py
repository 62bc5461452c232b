"""What would the pass rate be if this judge made no errors? Its error rates against gold correct its passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.clustered import clustered_share
from peerpact.audit.judges.table import Bools, Floats, joint
from peerpact.audit.judges.verdicts import bar_on_scale
from peerpact.audit.judges.view import View
from peerpact.statistics import Calibration, rogan_gladen

__all__ = ["QUESTION", "answers"]

QUESTION = "true_rate"


def answers(view: View, level: float) -> Iterator[Answer]:
    """Yield the pass rate behind a judge's pass rate."""
    gold = view.table.number("gold")
    if "gold" not in view.table.numbers:
        yield Untested(view.judge, QUESTION, "no_column", {"role": "gold"})
        return
    passed, deserved, decided = _verdicts(view, gold)
    known = decided & ~np.isnan(gold)
    if not decided.any():
        yield Untested(view.judge, QUESTION, "no_pass_or_fail")
    elif not known.any():
        yield Untested(view.judge, QUESTION, "no_gold_here", {"rows": int(decided.sum())})
    elif (known == decided).all():
        yield _known(view, passed, deserved, known, level)
    else:
        yield _corrected(view, passed, deserved, known, decided & ~known, level)


def _verdicts(view: View, gold: Floats) -> tuple[Bools, Bools, Bools]:
    """Return who passed, who deserved to, and for which rows there is a verdict at all."""
    score, bar = view.table.score, bar_on_scale(view)
    marks = bool(np.isin(gold[~np.isnan(gold)], (0.0, 1.0)).all())
    if np.isin(score, (0.0, 1.0)).all():
        return score > 0, gold > 0.5, np.ones(len(score), dtype=bool)
    bars = np.unique(bar[~np.isnan(bar)])
    if len(bars) == 1:
        bar = np.full(len(score), bars[0])
    with np.errstate(invalid="ignore"):
        return score >= bar, (gold > 0) if marks else (gold >= bar), ~np.isnan(bar)


def _known(view: View, passed: Bools, deserved: Bools, known: Bools, level: float) -> Answer:
    items = view.arms.items
    clusters = np.arange(int(known.sum())) if items is None else joint(items[known])
    share = clustered_share(deserved[known].astype(np.float64), clusters, level=level)
    facts = {"reported": float(passed[known].mean()), "gold": int(known.sum()), "unknown": 0}
    return _estimate(view, share.value or 0.0, share.low, share.high, level, "gold", share.n, facts)


def _corrected(
    view: View, passed: Bools, deserved: Bools, known: Bools, unknown: Bools, level: float
) -> Answer:
    calibration = Calibration(
        int((passed & deserved & known).sum()),
        int((deserved & known).sum()),
        int((~passed & ~deserved & known).sum()),
        int((~deserved & known).sum()),
    )
    n = int(unknown.sum())
    found = rogan_gladen(int((passed & unknown).sum()), n, calibration, level=level)
    facts = {
        "reported": found.reported.value,
        "gold": int(known.sum()),
        "unknown": n,
        "sensitivity": found.sensitivity.value,
        "specificity": found.specificity.value,
    }
    if found.corrected.value is None:
        return Untested(view.judge, QUESTION, "no_better_than_chance", facts)
    corrected = found.corrected
    return _estimate(
        view, found.corrected.value, corrected.low, corrected.high, level, "calibration", n, facts
    )


def _estimate(
    view: View,
    value: float,
    low: float,
    high: float,
    level: float,
    control: str,
    n: int,
    facts: Mapping[str, float | int | None],
) -> Estimate:
    corrected = control == "calibration"
    items = view.arms.items
    repeated = corrected and items is not None and len(np.unique(items)) < len(items)
    return Estimate(
        view.judge,
        QUESTION,
        "rate",
        "",
        value,
        low,
        high,
        level,
        "rogan_gladen" if corrected else "wilson_clustered",
        control,
        "row",
        n,
        caveats=("items_repeat",) if repeated else (),
        facts=facts,
    )
