"""Are judges interchangeable? Krippendorff's alpha over all of them, Cohen's kappa of each with the majority.

``peerpact.statistics`` has both with bootstrap limits; here they are computed from sums, so that a
million scores cost no more than their reading, and the limits come from the sums' influence.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log, sqrt

import numpy as np
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa

from peerpact.audit.judges.answers import EVERYBODY, Answer, Estimate, Untested
from peerpact.audit.judges.panel import Panel
from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Bools, Codes, Floats, joint
from peerpact.audit.judges.view import View

__all__ = ["QUESTION", "alpha_from_sums", "answers", "together"]

QUESTION = "agreement"
_LEAST = 5


def together(panel: Panel, level: float) -> Answer:
    """Return Krippendorff's alpha (interval data) over all judges of common responses."""
    if not panel.has_responses:
        return Untested(EVERYBODY, QUESTION, "no_column", {"role": "item"}, "alpha")
    scores, response = _one_each(panel)
    found = alpha_from_sums(scores, response, level)
    if found is None:
        return Untested(EVERYBODY, QUESTION, "no_common_response", {"needed": _LEAST}, "alpha")
    if isinstance(found, float):
        return Untested(EVERYBODY, QUESTION, "constant", {"score": found}, "alpha")
    return _estimate(EVERYBODY, "alpha", found, level, panel.caveats)


def _one_each(panel: Panel) -> tuple[Floats, Codes]:
    """Return the mean of each judge's scores of each response: that a judge agrees with itself is no agreement."""
    rows = panel.rows
    scores, response = panel.table.score[rows], panel.response[rows]
    pair = joint(response, panel.table.labels["judge"].codes[rows])
    n = np.bincount(pair)
    if len(n) == len(pair):
        return scores, response
    of = np.zeros(len(n), dtype=np.int64)
    of[pair] = response
    return np.bincount(pair, weights=scores) / n, of


def alpha_from_sums(scores: Floats, units: Codes, level: float) -> Tested | float | None:
    """Return Krippendorff's alpha with the squared distance, from sums over units.

    Limits: delta method on the logarithm of observed over expected disagreement, units being
    independent. A number instead of a result is the one score that all were given; None means that
    too few units have two scores.
    """
    m, s, q = (np.bincount(units, weights=w) for w in (np.ones_like(scores), scores, scores**2))
    several = m > 1
    m, s, q = m[several], s[several], q[several]
    if len(m) < _LEAST:
        return None
    centre = float(s.sum() / m.sum())
    q, s = q - 2 * centre * s + m * centre**2, s - m * centre
    apart = 2 * (m * q - s**2) / (m - 1)
    n, total, squares = float(m.sum()), float(s.sum()), float(q.sum())
    observed, expected = float(apart.sum()) / n, 2 * (n * squares - total**2) / (n * (n - 1))
    if expected <= 1e-12:
        return centre
    ratio = max(observed / expected, 0.0)
    if ratio == 0:
        return Tested(1.0, 1.0, 1.0, 0.0, 0.0, "krippendorff_interval", len(m))
    spread = 2 * (m * squares + n * q - 2 * total * s) / (n * (n - 1))
    spread -= expected * m * (2 * n - 1) / (n * (n - 1))
    influence = apart / (observed * n) - m / n - spread / expected
    error = sqrt(float((influence**2).sum()) * len(m) / (len(m) - 1))
    reach = float(stats.t.ppf((1 + level) / 2, len(m) - 1)) * error
    low, high = 1 - exp(min(log(ratio) + reach, 50.0)), 1 - exp(log(ratio) - reach)
    return Tested(1 - ratio, max(low, -1.0), high, 1.0, error, "krippendorff_interval", len(m))


def answers(view: View, panel: Panel, level: float) -> Iterator[Answer]:
    """Yield Cohen's kappa of a judge's passes with those of the other judges' mean."""
    if not panel.has_responses:
        yield Untested(view.judge, QUESTION, "no_column", {"role": "item"}, "kappa")
        return
    rows = view.rows[panel.plain[view.rows]]
    others = panel.others(rows)
    rows, others = rows[~np.isnan(others)], others[~np.isnan(others)]
    if len(rows) < _LEAST:
        yield Untested(view.judge, QUESTION, "no_common_response", {"needed": _LEAST}, "kappa")
        return
    bar = _bar(view)
    if bar is None:
        yield Untested(view.judge, QUESTION, "no_single_bar", {}, "kappa")
        return
    found = _kappa(panel.table.score[rows] >= bar, others >= bar, level)
    if found is None:
        yield Untested(view.judge, QUESTION, "same_verdict", {"rows": len(rows)}, "kappa")
        return
    yield _estimate(view.judge, "kappa", found, level, panel.caveats)


def _bar(view: View) -> float | None:
    """Return what parts pass from fail: half for marks, else the one bar of the table."""
    if np.isin(view.table.score, (0.0, 1.0)).all():
        return 0.5
    bars = np.unique(view.arms.bar[~np.isnan(view.arms.bar)])
    return float(bars[0]) if len(bars) == 1 else None


def _kappa(one: Bools, other: Bools, level: float) -> Tested | None:
    table = np.bincount(one * 2 + other, minlength=4).reshape(2, 2).astype(np.float64)
    if (table.sum(axis=0) == 0).any() or (table.sum(axis=1) == 0).any():
        return None
    found = cohens_kappa(table)
    error = sqrt(max(0.0, float(found.var_kappa)))
    reach = float(stats.norm.ppf((1 + level) / 2)) * error
    value = float(found.kappa)
    low, high = max(-1.0, value - reach), min(1.0, value + reach)
    return Tested(value, low, high, 1.0, error, "cohen_kappa", len(one))


def _estimate(
    judge: str, quantity: str, tested: Tested, level: float, caveats: tuple[str, ...]
) -> Estimate:
    return Estimate(
        judge,
        QUESTION,
        quantity,
        "",
        tested.value,
        tested.low,
        tested.high,
        level,
        tested.test,
        "other_judges",
        "response",
        tested.n,
        caveats=caveats,
    )
