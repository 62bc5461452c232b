"""Intervals that hold at every look, and the decision that may be taken from them.

A confidence sequence covers the truth at all sample sizes at once with the stated probability, so a
cell may be looked at after every run and stopped whenever its question is answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, log1p
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaln

from peerpact.statistics.intervals import Interval, check_counts, check_share

__all__ = [
    "Decision",
    "anytime_combination",
    "anytime_difference",
    "anytime_mean",
    "anytime_paired",
    "anytime_rate",
    "decide",
    "e_value",
]

Call = Literal["elevated", "not_elevated", "undecided"]
Floats = NDArray[np.float64]
_PRIOR = 0.5  # Jeffreys: near-optimal at rates close to 0 and 1, where most cells lie
_EDGE = 1e-15
_TRUNCATION = 0.5  # WSR's c: no bet can lose more than this share of the capital
_GRID = 1_000


@dataclass(frozen=True, slots=True)
class Decision:
    """What an interval allows to say of a rate and its control, and the comparison behind it."""

    call: Call
    low: float
    high: float
    line: float
    margin: float
    n: int


def decide(interval: Interval, *, line: float = 0.0, margin: float = 0.10) -> Decision:
    """Call a cell from an interval for its rate (``line``: control rate) or difference (0).

    ``elevated``: the whole interval lies above the line. ``not_elevated``: the whole interval lies
    below line + margin, so an effect worth a margin is excluded. Otherwise ``undecided``. Where
    both hold (a small effect, measured precisely) the call is ``elevated``.
    """
    low, high = interval.low, interval.high
    call: Call = "undecided"
    if low > line:
        call = "elevated"
    elif high < line + margin:
        call = "not_elevated"
    return Decision(call, low, high, line, margin, interval.n)


def _log_mixture(x: int, n: int) -> float:
    return float(betaln(_PRIOR + x, _PRIOR + n - x) - betaln(_PRIOR, _PRIOR))


def _log_likelihood(x: int, n: int, rate: float) -> float:
    p = min(max(rate, _EDGE), 1 - _EDGE)
    return x * log(p) + (n - x) * log1p(-p)


def e_value(successes: int, n: int, rate: float) -> float:
    """Evidence against a rate: the beta-binomial mixture over the rate's likelihood.

    Robbins (1970); Howard, Ramdas, McAuliffe & Sekhon (2021), proposition 7 in its Bernoulli form.

    Under the rate it is a martingale from 1, so it exceeds 1 / alpha at any time with probability
    at most alpha (Ville), and e-values of several looks or cells may be averaged.
    """
    successes, n = check_counts(successes, n)
    excess = _log_mixture(successes, n) - _log_likelihood(successes, n, rate)
    return float(np.exp(min(excess, 700.0)))


def anytime_rate(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Limit a rate at every look: all rates whose e-value is below 1 / (1 - level).

    The mixing distribution is Beta(1/2, 1/2). The method is closed form but for one root a limit.
    """
    successes, n = check_counts(successes, n)
    check_share("level", level)
    if n == 0:
        return Interval(None, 0.0, 1.0, level, "beta_binomial_mixture", 0, "no scored run")
    low, high = _mixture_limits(successes, n, level)
    return Interval(successes / n, low, high, level, "beta_binomial_mixture", n)


@lru_cache(maxsize=65536)
def _mixture_limits(x: int, n: int, level: float) -> tuple[float, float]:
    bar = _log_mixture(x, n) + log(1 - level)

    def above(rate: float) -> float:
        return bar - _log_likelihood(x, n, rate)

    low = 0.0 if x == 0 else float(brentq(above, _EDGE, x / n))
    high = 1.0 if x == n else float(brentq(above, x / n, 1 - _EDGE))
    return low, high


def anytime_difference(x1: int, n1: int, x0: int, n0: int, *, level: float = 0.95) -> Interval:
    """Limit the difference of two independent arms at every look, each arm given half of the error."""
    return anytime_combination((1.0, -1.0), (x1, x0), (n1, n0), level=level)


def anytime_combination(
    weights: Sequence[float], successes: Sequence[int], n: Sequence[int], *, level: float = 0.95
) -> Interval:
    """Limit a weighted sum of the rates of independent arms at every look, each arm given its share of the error.

    Valid whatever the order in which the arms were run and however the sizes were chosen.
    """
    each = 1 - (1 - level) / len(weights)
    arms = [anytime_rate(x, runs, level=each) for x, runs in zip(successes, n, strict=True)]
    weighted = list(zip(weights, arms, strict=True))
    low = sum(w * (arm.low if w > 0 else arm.high) for w, arm in weighted)
    high = sum(w * (arm.high if w > 0 else arm.low) for w, arm in weighted)
    method, total = "beta_binomial_union", sum(n)
    if any(arm.value is None for arm in arms):
        reason = "no scored run in one of the arms"
        return Interval(None, low, high, level, method, total, reason)
    value = sum(w * (arm.value or 0.0) for w, arm in weighted)
    return Interval(value, low, high, level, method, total)


def anytime_mean(
    scores: Sequence[float] | Floats,
    *,
    lowest: float = 0.0,
    highest: float = 1.0,
    level: float = 0.95,
) -> Interval:
    """Limit the mean of scores that lie in a known range, at every look, in their order of arrival.

    Hedged capital with predictable plug-in bets (Waudby-Smith & Ramdas 2024, theorem 3 and eqs.
    24-26), intersected over the looks so far. The grid of candidate means is widened by one step on
    each side, so it never narrows the set.
    """
    values = np.asarray(scores, dtype=np.float64)
    check_share("level", level)
    if not lowest < highest or not ((values >= lowest) & (values <= highest)).all():
        raise ValueError(
            f"scores must lie between lowest {lowest} and highest {highest}; "
            "None and NaN are not scores"
        )
    if len(values) == 0:
        return Interval(None, lowest, highest, level, "hedged_capital", 0, "no score")
    low, high = _betting_limits((values - lowest) / (highest - lowest), level)
    span = highest - lowest
    return Interval(
        float(values.mean()),
        lowest + span * low,
        lowest + span * high,
        level,
        "hedged_capital",
        len(values),
    )


def _bets(scaled: Floats, level: float) -> Floats:
    """Return the size of each bet from the scores before it (WSR eq. 26)."""
    t = np.arange(1, len(scaled) + 1)
    means = (0.5 + np.cumsum(scaled)) / (t + 1)
    variances = (0.25 + np.cumsum((scaled - means) ** 2)) / (t + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    return np.asarray(np.sqrt(2 * log(2 / (1 - level)) / (before * t * np.log1p(t))))


def _betting_limits(scaled: Floats, level: float) -> tuple[float, float]:
    step = 1 / _GRID
    m = np.linspace(0, 1, _GRID + 1)
    up, down = np.zeros_like(m), np.zeros_like(m)
    alive = np.ones(len(m), dtype=bool)
    bar = log(2 / (1 - level))
    most_up = _TRUNCATION / np.maximum(m, step * _EDGE)
    most_down = _TRUNCATION / np.maximum(1 - m, step * _EDGE)
    for score, bet in zip(scaled, _bets(scaled, level), strict=True):
        up += np.log1p(np.minimum(bet, most_up) * (score - m))
        down += np.log1p(-np.minimum(bet, most_down) * (score - m))
        alive &= np.maximum(up, down) < bar
    kept = np.flatnonzero(alive)
    if len(kept) == 0:
        kept = np.array([int(np.argmin(np.maximum(up, down)))])
    return max(0.0, float(m[kept[0]]) - step), min(1.0, float(m[kept[-1]]) + step)


def anytime_paired(
    scores1: Sequence[float] | Floats,
    scores0: Sequence[float] | Floats,
    *,
    lowest: float = 0.0,
    highest: float = 1.0,
    level: float = 0.95,
) -> Interval:
    """Limit the mean difference of pairs that share wording and item, at every look.

    Outcomes are scores of 0 and 1. What the pairs share cancels, so the interval is the narrower
    the more they do.
    """
    one, other = np.asarray(scores1, dtype=np.float64), np.asarray(scores0, dtype=np.float64)
    if one.shape != other.shape:
        raise ValueError(f"paired scores need equal lengths; found {len(one)} and {len(other)}")
    span = highest - lowest
    return anytime_mean(one - other, lowest=-span, highest=span, level=level)
