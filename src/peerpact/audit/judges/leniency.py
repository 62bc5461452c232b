"""Is a judge lenient? Against gold where there is any, else against the other judges of the same responses.

A judge may have a taste for single models. So the answer speaks of models and items like these, both drawn;
where there are too few judged models to know how they vary, it speaks of these models only, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.clustered import (
    between_mean,
    clustered_mean,
    clustered_share,
)
from peerpact.audit.judges.comparison import Comparison
from peerpact.audit.judges.panel import Panel
from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Bools, Codes, Floats, first_rows, joint
from peerpact.audit.judges.verdicts import bar_on_scale
from peerpact.audit.judges.view import View

__all__ = ["QUESTION", "answers", "comparisons", "same_scale"]

QUESTION = "leniency"
_LEAST = 3


def comparisons(view: View, panel: Panel) -> Iterator[Comparison]:
    """Yield the errors against gold, as a contrast of the score with the gold; of each response the first one.

    What a judge makes of a response comes again whenever it scores it, so further scores add nothing.
    No leniency means for a repeated audit that errors of points lie as often above as below, size for size.
    """
    gold = view.table.number("gold")
    rows = np.flatnonzero(panel.impartial[view.rows] & ~np.isnan(gold))
    if len(rows) < _LEAST or not same_scale(view, gold[rows]):
        return
    if view.arms.items is not None:
        rows = rows[np.sort(first_rows(joint(view.arms.work[rows], view.arms.items[rows])))]
    both = np.concatenate([view.table.score[rows], gold[rows]])
    pair, runs = np.tile(np.arange(len(rows)), 2), view.table.runs
    sheets = None if runs is None else joint(runs, view.arms.work)[rows]
    yield Comparison(
        judge=view.judge,
        question=QUESTION,
        quantity="mean_error",
        scope="",
        control="gold",
        values=both,
        arm=np.repeat([1, 0], len(rows)),
        weights=(-1.0, 1.0),
        strata=pair,
        items=None,
        rows=np.tile(view.rows[rows], 2),
        caveats=panel.caveats,
        reach=1.0 if np.isin(both, (0.0, 1.0)).all() else None,
        runs=None if sheets is None else np.tile(sheets, 2),
    )


def same_scale(view: View, gold: Floats) -> bool:
    """Whether gold does not only say right or wrong where the scores are points."""
    marks = bool(np.isin(gold, (0.0, 1.0)).all())
    return not marks or bool(np.isin(view.table.score, (0.0, 1.0)).all())


def answers(view: View, panel: Panel, level: float) -> Iterator[Answer]:
    """Yield the mean error and error rates against gold, or the severity among the judges."""
    gold = view.table.number("gold")
    rows = np.flatnonzero(panel.impartial[view.rows] & ~np.isnan(gold))
    if len(rows) < _LEAST:
        yield _among_judges(view, panel, level, len(rows))
        return
    clusters, unit = _clusters(view, rows)
    if same_scale(view, gold[rows]):
        yield _error(view, panel, view.table.score[rows] - gold[rows], rows, level)
    else:
        yield Untested(view.judge, QUESTION, "gold_other_scale", {}, "mean_error")
    yield from _errors(view, panel, rows, clusters, unit, level)


def _error(view: View, panel: Panel, errors: Floats, rows: Codes, level: float) -> Answer:
    items, unit = _clusters(view, rows)
    models = joint(view.table.codes("judged")[rows])
    found = between_mean(errors, models, items, level=level)
    few = found is None
    unit = unit if few else "judged model"
    found = found or clustered_mean(errors, items, level=level)
    runs = view.table.runs_of(rows)
    over_runs = None if runs is None else between_mean(errors, runs, items, level=level)
    if found is None:
        return Untested(view.judge, QUESTION, "too_few", {"rows": [len(rows)]}, "mean_error")
    if over_runs is not None and over_runs.error > found.error:
        found, unit = over_runs, "run"
    return _estimate(view, panel, "mean_error", found, level, "gold", unit, few)


def _clusters(view: View, rows: Codes) -> tuple[Codes, str]:
    items = view.arms.items
    if items is None:
        return np.arange(len(rows)), "row"
    clusters = joint(items[rows])
    return (clusters, "item") if int(clusters.max()) > 0 else (np.arange(len(rows)), "row")


def _errors(
    view: View, panel: Panel, rows: Codes, clusters: Codes, unit: str, level: float
) -> Iterator[Answer]:
    """Yield how often what should fail passed, and what should pass failed."""
    passed, deserved = _verdicts(view, rows)
    if passed is None or deserved is None:
        return
    for quantity, among, hit in (
        ("false_pass", ~deserved, passed),
        ("false_fail", deserved, ~passed),
    ):
        if not among.any():
            yield Untested(view.judge, QUESTION, "none_of_this_kind", {}, quantity)
            continue
        share = clustered_share(hit[among].astype(np.float64), joint(clusters[among]), level=level)
        tested = Tested(share.value or 0.0, share.low, share.high, 1.0, 0.0, share.method, share.n)
        yield _rate(view, panel, quantity, tested, level, unit)


def _verdicts(view: View, rows: Codes) -> tuple[Bools | None, Bools | None]:
    score, gold = view.table.score[rows], view.table.number("gold")[rows]
    marks = bool(np.isin(gold, (0.0, 1.0)).all())
    if marks and np.isin(score, (0.0, 1.0)).all():
        return score > 0, gold > 0
    bars = np.unique(bar_on_scale(view)[~np.isnan(view.arms.bar)])
    if len(bars) != 1:
        return None, None
    bar = float(bars[0]) - 1e-9
    return score >= bar, (gold > 0 if marks else gold >= bar)


def _among_judges(view: View, panel: Panel, level: float, gold: int) -> Answer:
    if not panel.has_responses:
        return Untested(view.judge, QUESTION, "no_gold_no_item", {"gold": gold})
    found = panel.severity.of(view.number, level)
    if found is None:
        return Untested(view.judge, QUESTION, "no_gold_alone", {"gold": gold})
    few = not panel.severity.over_models(view.number)
    unit = "run" if panel.severity.over_runs(view.number) else "item" if few else "judged model"
    return _estimate(view, panel, "relative", found, level, "other_judges", unit, few)


def _estimate(
    view: View,
    panel: Panel,
    quantity: str,
    tested: Tested,
    level: float,
    control: str,
    unit: str,
    few: bool,
) -> Estimate:
    return Estimate(
        view.judge,
        QUESTION,
        quantity,
        "",
        tested.value,
        tested.low,
        tested.high,
        level,
        tested.test,
        control,
        unit,
        tested.n,
        tested.p,
        detectable=2.8 * tested.error,
        left_out=_left_out(view, panel, control),
        caveats=(*panel.caveats, *(("these_models_only",) if few else ())),
    )


def _left_out(view: View, panel: Panel, control: str) -> dict[str, int]:
    plain, impartial = panel.plain[view.rows], panel.impartial[view.rows]
    counts = {"own_family": int((plain & ~impartial).sum())}
    if control == "gold":
        counts["no_gold"] = int((impartial & np.isnan(view.table.number("gold"))).sum())
    return {reason: n for reason, n in counts.items() if n}


def _rate(
    view: View, panel: Panel, quantity: str, tested: Tested, level: float, unit: str
) -> Estimate:
    return Estimate(
        view.judge,
        QUESTION,
        quantity,
        "",
        tested.value,
        tested.low,
        tested.high,
        level,
        tested.test,
        "gold",
        unit,
        tested.n,
        caveats=panel.caveats,
    )
