"""Does a judge favour its own family? Quality is held by gold, by a judge who is kin to neither, or both.

A judge may have a taste for single models, whoever made them. Favour to a family is what goes beyond that,
so it is judged against the variation between judged models, and not tested where there are too few of them.

Gold alone holds quality in two ways: by what the judge gives to others at the same gold score, which takes a
better family for a favoured one where gold errs, and by the error against gold, which does so where the judge
spreads its scores otherwise than gold does. The smaller effect of the two stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.clustered import between_slope, clustered_slope, within
from peerpact.audit.judges.leniency import same_scale
from peerpact.audit.judges.panel import Panel
from peerpact.audit.judges.table import Bools, Codes, Floats, joint
from peerpact.audit.judges.view import View

__all__ = ["QUESTION", "answers"]

QUESTION = "family_favour"
_DISTINCT = 21
"""Up to so many different gold values, each has a parameter of its own; beyond, a curve."""

_LEAST_CLUSTERS = 6


class _Held(NamedTuple):
    """Outcome and own-family mark after all that is held equal has been taken out."""

    y: Floats
    own: Floats
    taken: Floats
    """What was taken out, as rows of an orthonormal basis summed over each judged model."""


def answers(view: View, panel: Panel, level: float) -> Iterator[Answer]:
    """Yield how much more a judge gives to its own family than its scores of others would say."""
    yield _answer(view, panel, level)


def _answer(view: View, panel: Panel, level: float) -> Answer:
    if "judged" not in panel.table.labels:
        return Untested(view.judge, QUESTION, "no_column", {"role": "judged"})
    if not panel.judge_kin[view.number]:
        return Untested(view.judge, QUESTION, "judge_family_unknown")
    rows = view.rows[panel.plain[view.rows]]
    judged = panel.table.labels["judged"].codes[rows]
    known = np.array([bool(kin) for kin in panel.judged_kin] + [False])[judged]
    rows, judged = rows[known], judged[known]
    own = panel.own[view.number, judged]
    if own.all() or not own.any():
        reason = "only_own_family" if len(own) and own.all() else "no_own_family"
        return Untested(view.judge, QUESTION, reason, {"rows": len(own)})
    control, kept = _control(view, panel, rows, own)
    if not control:
        return Untested(view.judge, QUESTION, "no_gold_no_outsider")
    return _estimate(view, panel, rows[kept], own[kept], control, int((~known).sum()), level)


def _control(view: View, panel: Panel, rows: Codes, own: Bools) -> tuple[str, Codes]:
    """Return what holds the work's quality, and the rows for which it is there."""
    gold = ~np.isnan(panel.table.number("gold")[rows])
    outside = np.zeros(len(rows), dtype=bool)
    if panel.has_responses:
        outside = ~np.isnan(panel.outside(view.number, rows))
    for name, there in (
        ("gold_and_outside_judge", gold & outside),
        ("gold", gold),
        ("outside_judge", outside),
    ):
        if min(int((there & own).sum()), int((there & ~own).sum())) > 1:
            return name, np.flatnonzero(there)
    return "", np.zeros(0, dtype=np.int64)


def _estimate(
    view: View,
    panel: Panel,
    rows: Codes,
    own: Bools,
    control: str,
    unknown: int,
    level: float,
) -> Answer:
    y = panel.table.score[rows]
    if "outside" in control:
        y = y - panel.outside(view.number, rows)
    gold = panel.table.number("gold")[rows] if "gold" in control else None
    models = joint(panel.table.labels["judged"].codes[rows])
    mark = own.astype(np.float64)
    held = _hold(y, mark, gold, models)
    clusters = _clusters(panel, rows)
    facts = {
        "own_models": len(np.unique(models[own])),
        "other_models": len(np.unique(models[~own])),
        "own_rows": int(own.sum()),
        "other_rows": int((~own).sum()),
    }
    found = between_slope(held.y, held.own, models, held.taken, clusters, level=level)
    if found is None:
        return _of_these(view, held, clusters, facts, level)
    alone = gold is not None and control == "gold" and same_scale(view, gold)
    if gold is not None and alone:
        error = _hold(y - gold, mark, None, models)
        other = between_slope(error.y, error.own, models, error.taken, clusters, level=level)
        found = min((found, other or found), key=lambda tested: abs(tested.value))
    if found.error == 0:
        return Untested(view.judge, QUESTION, "too_few", {"rows": [len(rows)]})
    return Estimate(
        view.judge,
        QUESTION,
        "effect",
        "",
        found.value,
        found.low,
        found.high,
        level,
        found.test,
        control,
        "judged model",
        found.n,
        found.p,
        detectable=2.8 * found.error,
        left_out={"family_unknown": unknown} if unknown else {},
        caveats=(*panel.caveats, *(("gold_alone",) if alone else ())),
        facts=facts,
    )


def _of_these(
    view: View, held: _Held, clusters: Codes, facts: Mapping[str, int], level: float
) -> Untested:
    """Say that there are too few judged models, and what the judge gave to these."""
    here = clustered_slope(held.y, held.own, clusters, level=level, absorbed=len(held.taken))
    if here is None:
        rows = facts["own_rows"] + facts["other_rows"]
        return Untested(view.judge, QUESTION, "too_few", {"rows": [rows]})
    shown = {"here": here.value, "low": here.low, "high": here.high}
    return Untested(view.judge, QUESTION, "few_models", {**facts, **shown})


def _hold(y: Floats, own: Floats, gold: Floats | None, models: Codes) -> _Held:
    """Take the judge's own reading of gold out of both (Frisch & Waugh)."""
    values, codes = np.unique(np.zeros(len(y)) if gold is None else gold, return_inverse=True)
    if gold is None or len(values) <= _DISTINCT:
        size = int(models.max()) + 1
        counts = np.bincount(codes * size + models, minlength=len(values) * size)
        taken = counts.reshape(-1, size) / np.sqrt(np.bincount(codes))[:, None]
        return _Held(within(y, codes), within(own, codes), taken)
    scaled = (gold - gold.mean()) / max(float(gold.std()), 1e-12)
    basis = np.linalg.qr(np.stack([np.ones_like(scaled), scaled, scaled**2, scaled**3], axis=1))[0]
    taken = np.stack([np.bincount(models, weights=column) for column in basis.T])
    return _Held(y - basis @ (basis.T @ y), own - basis @ (basis.T @ own), taken)


def _clusters(panel: Panel, rows: Codes) -> Codes:
    every = panel.table.items
    if every is not None:
        items = joint(every[rows])
        if int(items.max()) + 1 >= _LEAST_CLUSTERS:
            return items
    return np.arange(len(rows))
