"""The paired test: under no effect, each difference could as well have had the other sign."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from peerpact.audit.judges.table import Floats

__all__ = ["LEAST_PAIRS", "Tested", "sign_flip", "student"]

LEAST_PAIRS = 6
"""With fewer pairs no sign-flip test can reach p < 0.05: its smallest p-value is 2 / 2^n."""

_EXACT = 12
_RESAMPLED = 400
_FLIPS = 4_999
_SAME = 1e-9


class Tested(NamedTuple):
    """An estimate with limits, p-value and standard error."""

    value: float
    low: float
    high: float
    p: float
    error: float
    test: str
    n: int


def student(value: float, error: float, freedom: float, level: float, test: str, n: int) -> Tested:
    """Test a value against zero by Student's t; with infinitely many degrees of freedom it is normal.

    The functions are those behind ``scipy.stats.t``, without what makes an object of a distribution.
    """
    reach = float(special.stdtrit(freedom, (1 + level) / 2)) * error
    p = 2 * float(special.stdtr(freedom, -abs(value) / error))
    return Tested(value, value - reach, value + reach, min(1.0, p), error, test, n)


def sign_flip(differences: Floats, *, level: float, seed: int = 0) -> Tested:
    """Test that differences are symmetric about zero; the limits invert the same test.

    All 2^n signs are tried up to 12 differences and 4,999 random ones up to 400 (Phipson & Smyth
    2010: the observed one counts). Beyond that the sum of sign-flipped differences is normal with
    variance equal to the sum of their squares.
    """
    n, value = len(differences), float(differences.mean())
    error = float(differences.std(ddof=1)) / sqrt(n)
    if n > _RESAMPLED:
        squares = sqrt(float((differences**2).sum()))
        p = 2 * float(stats.norm.sf(abs(differences.sum()) / squares)) if squares else 1.0
        z = float(stats.norm.ppf((1 + level) / 2))
        reach = z * float(differences.std()) / sqrt(n - z**2)
        return Tested(value, value - reach, value + reach, p, error, "sign_flip_normal", n)
    flips, observed, test = _signs(n, seed)
    flipped, signs = flips @ differences / n, flips.mean(axis=1)

    def p_at(shift: float) -> float:
        bar = abs(value - shift) * (1 - _SAME) - _SAME
        return float((np.abs(flipped - shift * signs) >= bar).sum() + observed) / (
            len(flips) + observed
        )

    spread = max(float(np.ptp(differences)), _SAME) * 2
    low = _edge(p_at, value, value - spread, 1 - level)
    high = _edge(p_at, value, value + spread, 1 - level)
    return Tested(value, low, high, min(1.0, p_at(0.0)), error, test, n)


@lru_cache(maxsize=4)
def _signs(n: int, seed: int) -> tuple[Floats, int, str]:
    if n <= _EXACT:
        bits = ((np.arange(1 << n)[:, None] >> np.arange(n)) & 1).astype(np.float64)
        return 2 * bits - 1, 0, "sign_flip_exact"
    draws = np.random.default_rng(seed).integers(0, 2, size=(_FLIPS, n)).astype(np.float64)
    return 2 * draws - 1, 1, "sign_flip"


def _edge(p_at: Callable[[float], float], inside: float, outside: float, alpha: float) -> float:
    """Return the shift, between one that is accepted and one that is not, at which the test turns."""
    for _ in range(50):
        middle = (inside + outside) / 2
        if p_at(middle) > alpha:
            inside = middle
        else:
            outside = middle
    return outside
