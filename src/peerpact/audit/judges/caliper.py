"""Just above the bar against just below it, and what is usual there.

The odds of lying above a cut rather than below it depend on where the cut lies in the distribution
and on which values judges like to give. Both act alike on scores that were told the bar and scores
that were not, and a lift of all scores acts alike at all cuts. What remains at the bar is tracking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, sqrt
from types import MappingProxyType
from typing import Any

import numpy as np

from peerpact.audit.judges.signflip import Tested, student
from peerpact.audit.judges.table import Floats

__all__ = ["Obstacle", "against_control", "against_placebos"]

_LEAST_AT_BAR = 5
_LEAST_AT_CUTS = 10
_LEAST_CUTS = 2
_LEAST_PLACEBOS = 5
_HEAPS = (10.0, 5.0, 2.5, 1.0, 0.5)
_HEAPED = 0.2
_ROUND = 1e-9
_NONE: Mapping[str, Any] = MappingProxyType({})
Found = tuple[Tested, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a look at the bar is not possible."""

    reason: str
    facts: Mapping[str, Any] = field(default_factory=lambda: _NONE)


def _sides(scores: Floats, cuts: Floats, width: float) -> Floats:
    """Count scores in [cut - width, cut) and [cut, cut + width): shape (cuts, 2)."""
    ordered = np.sort(scores) + _ROUND
    edges = np.stack([cuts - width, cuts, cuts + width], axis=1)
    return np.diff(np.searchsorted(ordered, edges), axis=1).astype(np.float64)


def _cuts(bar: float, step: float, scores: Floats) -> Floats:
    low, high = float(scores.min()), float(scores.max())
    k = np.arange(np.floor((low - bar) / step), np.ceil((high - bar) / step) + 1)
    return np.asarray(bar + step * k[k != 0])


def against_control(
    scores: Floats, control: Floats, bar: float, width: float, other_bars: Floats, level: float
) -> Found | Obstacle:
    """Compare the odds at the bar with those at placebo cuts, told against not told.

    The value is the log odds ratio at the bar beyond that at placebo cuts, whose spread between
    cuts (DerSimonian & Laird 1986) enters the error of the prediction for one more cut.
    """
    everything = np.concatenate([scores, control])
    cuts = _cuts(bar, 2 * width, everything)
    apart = np.abs(cuts[:, None] - other_bars[None, :]).min(axis=1, initial=np.inf) >= 2 * width
    cuts = cuts[apart]
    places = np.append(cuts, bar)
    told, untold = _sides(scores, places, width), _sides(control, places, width)
    at_bar = [told[-1], untold[-1]]
    told, untold = told[:-1], untold[:-1]
    usable = (told.sum(axis=1) > 0) & (untold.sum(axis=1) > 0)
    if min(side.sum() for side in at_bar) < _LEAST_AT_BAR:
        facts = {"told": int(at_bar[0].sum()), "control": int(at_bar[1].sum()), "width": width}
        return Obstacle("few_near_bar", facts)
    told, untold = told[usable], untold[usable]
    if len(told) < _LEAST_CUTS or min(told.sum(), untold.sum()) < _LEAST_AT_CUTS:
        return Obstacle("few_placebo_cuts", {"cuts": len(told), "needed": _LEAST_CUTS})
    usual, variances = _log_odds(told, untold)
    here, variance = _log_odds(at_bar[0][None], at_bar[1][None])
    centre, spread, error = _pooled(usual, variances)
    value = float(here[0]) - centre
    total = sqrt(float(variance[0]) + error**2 + spread)
    counts = {
        "above": int(at_bar[0][1]),
        "below": int(at_bar[0][0]),
        "above_control": int(at_bar[1][1]),
        "below_control": int(at_bar[1][0]),
        "cuts": len(told),
        "width": width,
        "odds_ratio": exp(value),
    }
    freedom = np.inf if spread == 0 else float(len(told) - 1)
    n = int(at_bar[0].sum() + at_bar[1].sum())
    return student(value, total, freedom, level, "caliper_control", n), counts


def _log_odds(told: Floats, untold: Floats) -> tuple[Floats, Floats]:
    a, b = told[:, 1] + 0.5, told[:, 0] + 0.5
    c, d = untold[:, 1] + 0.5, untold[:, 0] + 0.5
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def _pooled(values: Floats, variances: Floats) -> tuple[float, float, float]:
    """Return the mean over cuts, their spread beyond chance (variance), and the error of the mean."""
    weights = 1 / variances
    mean = float((weights * values).sum() / weights.sum())
    excess = float((weights * (values - mean) ** 2).sum()) - (len(values) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    spread = max(0.0, excess / scale) if scale > 0 else 0.0
    weights = 1 / (variances + spread)
    return float((weights * values).sum() / weights.sum()), spread, 1 / sqrt(float(weights.sum()))


def against_placebos(scores: Floats, bar: float, width: float, level: float) -> Found | Obstacle:
    """Compare the odds at the bar with the trend of the odds over placebo cuts of the same roundness.

    Over a bell-shaped distribution the log odds fall in a straight line from cut to cut, so the
    line through the placebo cuts says what is usual at the bar.
    """
    step = _spacing(scores, width)
    cuts = _cuts(bar, step, scores)
    sides = _sides(scores, cuts, width)
    usable = sides.sum(axis=1) >= _LEAST_AT_BAR
    here = _sides(scores, np.array([bar]), width)[0]
    if here.sum() < _LEAST_AT_BAR:
        return Obstacle("few_near_bar", {"told": int(here.sum()), "control": 0, "width": width})
    if usable.sum() < _LEAST_PLACEBOS:
        facts = {"cuts": int(usable.sum()), "needed": _LEAST_PLACEBOS}
        return Obstacle("few_placebo_cuts", facts)
    below, above = sides[usable].T + 0.5
    line, covariance, scale = _line(
        cuts[usable] - bar, np.log(above / below), 1 / above + 1 / below
    )
    value = float(np.log((here[1] + 0.5) / (here[0] + 0.5))) - line
    error = sqrt(scale * float((1 / (here + 0.5)).sum()) + covariance)
    counts = {
        "above": int(here[1]),
        "below": int(here[0]),
        "cuts": int(usable.sum()),
        "width": width,
        "odds_ratio": exp(value),
    }
    freedom = float(usable.sum() - 2)
    return student(value, error, freedom, level, "caliper_placebo", int(here.sum())), counts


def _spacing(scores: Floats, width: float) -> float:
    """Return a distance between cuts that keeps them apart and at values of the same roundness."""
    span = 2 * width
    for heap in _HEAPS:
        on_heap = float(np.isclose(np.mod(scores + heap / 2, heap), heap / 2).mean())
        if on_heap > _HEAPED:
            return float(np.ceil(span / heap - _ROUND) * heap)
    return span


def _line(x: Floats, y: Floats, variances: Floats) -> tuple[float, float, float]:
    """Fit a weighted line; return its height at 0, the variance of that, and the overdispersion."""
    design = np.stack([np.ones_like(x), x], axis=1)
    weighted = design / variances[:, None]
    inverse = np.linalg.inv(design.T @ weighted)
    fitted = inverse @ (weighted.T @ y)
    residuals = y - design @ fitted
    scale = max(1.0, float((residuals**2 / variances).sum()) / (len(x) - 2))
    return float(fitted[0]), float(inverse[0, 0]) * scale, scale
