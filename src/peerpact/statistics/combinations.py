"""A weighted sum over independent arms: a difference of two differences, or the mean of such over scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from peerpact.statistics.intervals import check_counts, check_share, limits

__all__ = ["Combination", "combined_means", "combined_rates"]

Floats = NDArray[np.float64]
_LEAST = 2
_FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Combination:
    """A weighted sum with its limits; what cannot be had is None (``reason``)."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    test: str
    n: int
    level: float
    method: str
    reason: str = ""


def combined_rates(
    weights: Sequence[float], successes: Sequence[int], n: Sequence[int], *, level: float = 0.95
) -> Combination:
    """Estimate a weighted sum of the rates of independent arms.

    Interval: the arms' Wilson limits, recovered as variances and squared and added (MOVER: Zou & Donner 2008;
    for a sum of rates Zou, Huang & Zhang 2009, eq. 5). With the weights 1 and -1 it is Newcombe's. Test: the score
    test of a sum of zero, its variance taken at the likeliest rates with that sum (Martín Andrés, Álvarez
    Hernández & Herranz Tejedor 2011).

    Args:
        weights: One for each arm; 1, -1, -1, 1 make a difference of differences. Of one sign they make a mean,
            which has no test.
        successes: Runs of each arm in which the outcome was seen.
        n: Scored runs of each arm.
        level: Confidence level.
    """
    counts = [check_counts(x, runs) for x, runs in zip(successes, n, strict=True)]
    w = np.asarray(weights, dtype=np.float64)
    if len(w) != len(counts):
        raise ValueError(f"each arm needs a weight; weights: {len(w)}, arms: {len(counts)}")
    check_share("level", level)
    lowest, highest = float(w[w < 0].sum()), float(w[w > 0].sum())
    total = sum(runs for _, runs in counts)
    if not all(runs for _, runs in counts):
        reason = "no scored run in one of the arms"
        return Combination(
            None, lowest, highest, None, "none", total, level, "mover_wilson", reason
        )
    x, runs = (np.array(column, dtype=np.float64) for column in zip(*counts, strict=True))
    value = float(w @ (x / runs))
    below, above = _spans(w, counts, level)
    low, high = max(lowest, value - below), min(highest, value + above)
    if not lowest < 0 < highest:  # a mean of rates is zero in no way that is worth a test
        return Combination(value, low, high, None, "none", total, level, "mover_wilson")
    p = _score_test(value, w, x, runs)
    return Combination(value, low, high, p, "score", total, level, "mover_wilson")


def _spans(w: Floats, counts: Sequence[tuple[int, int]], level: float) -> tuple[float, float]:
    """Return how far the limits lie below and above the estimate."""
    down, up = [], []
    for weight, (x, n) in zip(w, counts, strict=True):
        low, high = limits(x, n, level, "wilson")
        sides = (weight * (x / n - low), weight * (high - x / n))
        down.append(sides[0] if weight > 0 else sides[1])
        up.append(sides[1] if weight > 0 else sides[0])
    return hypot(*down), hypot(*up)


def _score_test(value: float, w: Floats, x: Floats, n: Floats) -> float:
    rates = _likeliest(w, x, n)
    variance = float(w**2 @ (rates * (1 - rates) / n))
    if variance <= _FLAT**2:
        return 1.0
    return min(1.0, float(2 * stats.norm.sf(abs(value) / sqrt(variance))))


def _likeliest(w: Floats, x: Floats, n: Floats) -> Floats:
    """Return the likeliest rates whose weighted sum is zero, by the one root of Lagrange's multiplier."""

    def weighted(multiplier: float) -> float:
        return float(w @ _rates(multiplier * w, x, n))

    if abs(weighted(0.0)) <= _FLAT:
        return _rates(0.0 * w, x, n)
    reach = float(n.max())
    while not weighted(-reach) > 0 > weighted(reach):
        reach *= 2
    return _rates(float(brentq(weighted, -reach, reach, xtol=1e-10)) * w, x, n)


def _rates(a: Floats, x: Floats, n: Floats) -> Floats:
    """Return the root in [0, 1] of ``a p² - (n + a) p + x``, in the form that does not cancel."""
    middle = n + a
    root = np.sqrt(np.maximum(middle**2 - 4 * a * x, 0.0))
    plain = middle >= 0
    over = np.where(plain, middle + root, 2 * a)
    part = np.where(plain, 2 * x, middle - root)
    return np.asarray(np.divide(part, over, out=np.zeros_like(part), where=over != 0))


def combined_means(
    weights: Sequence[float], samples: Sequence[Sequence[float]], *, level: float = 0.95
) -> Combination:
    """Estimate a weighted sum of the means of independent arms.

    Each arm has a variance of its own; limits and test from Student's t with the degrees of freedom of Welch
    (1947). With the weights 1 and -1 it is Welch's t test.

    Args:
        weights: One for each arm.
        samples: The scores of each arm.
        level: Confidence level.
    """
    arms = [np.asarray(sample, dtype=np.float64) for sample in samples]
    w = np.asarray(weights, dtype=np.float64)
    if len(w) != len(arms) or not all(np.isfinite(arm).all() for arm in arms):
        raise ValueError("each arm needs a weight, and every score must be a number")
    check_share("level", level)
    total = sum(len(arm) for arm in arms)
    if min(len(arm) for arm in arms) < _LEAST:
        reason = f"an arm has fewer than {_LEAST} scores"
        return Combination(None, None, None, None, "none", total, level, "welch", reason)
    value = float(w @ [arm.mean() for arm in arms])
    parts = w**2 * [float(arm.var(ddof=1)) / len(arm) for arm in arms]
    if parts.sum() <= _FLAT**2:
        reason = "the scores within each arm do not vary"
        return Combination(value, None, None, None, "none", total, level, "welch", reason)
    error = sqrt(parts.sum())
    freedom = parts.sum() ** 2 / float(parts**2 @ [1 / (len(arm) - 1) for arm in arms])
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    p = float(2 * stats.t.sf(abs(value) / error, freedom))
    return Combination(value, value - half, value + half, p, "welch", total, level, "welch")
