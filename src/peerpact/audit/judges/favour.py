"""Does a judge favour its own family? Quality is held by gold, by a judge who is kin to neither, or both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.clustered import clustered_slope, within
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
    absorbed: int


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
    held = _hold(y, own.astype(np.float64), gold)
    clusters, unit = _clusters(panel, rows)
    found = clustered_slope(held.y, held.own, clusters, level=level, absorbed=held.absorbed)
    if found is None or found.error == 0:
        return Untested(view.judge, QUESTION, "too_few", {"rows": [len(rows)]})
    judged = panel.table.labels["judged"].codes[rows]
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
        unit,
        found.n,
        found.p,
        detectable=2.8 * found.error,
        left_out={"family_unknown": unknown} if unknown else {},
        caveats=panel.caveats,
        facts={
            "own_models": len(np.unique(judged[own])),
            "other_models": len(np.unique(judged[~own])),
            "own_rows": int(own.sum()),
            "other_rows": int((~own).sum()),
        },
    )


def _hold(y: Floats, own: Floats, gold: Floats | None) -> _Held:
    """Take the judge's own reading of gold out of both (Frisch & Waugh)."""
    if gold is None:
        return _Held(y - y.mean(), own - own.mean(), 1)
    values, codes = np.unique(gold, return_inverse=True)
    if len(values) <= _DISTINCT:
        return _Held(within(y, codes), within(own, codes), len(values))
    scaled = (gold - gold.mean()) / max(float(gold.std()), 1e-12)
    basis = np.linalg.qr(np.stack([np.ones_like(scaled), scaled, scaled**2, scaled**3], axis=1))[0]
    return _Held(y - basis @ (basis.T @ y), own - basis @ (basis.T @ own), 4)


def _clusters(panel: Panel, rows: Codes) -> tuple[Codes, str]:
    every = panel.table.items
    if every is not None:
        items = joint(every[rows])
        if int(items.max()) + 1 >= _LEAST_CLUSTERS:
            return items, "item"
    return np.arange(len(rows)), "row"
