"""How many runs an answer needs, and what answer so many runs can give."""

from __future__ import annotations

from math import ceil, sqrt

from scipy import stats
from scipy.optimize import brentq

from peerpact.statistics.intervals import check_share
from peerpact.statistics.rates import rate

__all__ = [
    "detectable",
    "equivalence_margin",
    "power_for_difference",
    "precision",
    "runs_for_difference",
    "runs_for_equivalence",
    "runs_for_precision",
    "wordings_error",
]

_MOST_RUNS = 10_000_000


def _z(q: float) -> float:
    return float(stats.norm.ppf(q))


def _check_rates(*rates: float) -> None:
    if not all(0 <= rate_ <= 1 for rate_ in rates):
        raise ValueError(f"rates lie between 0 and 1; found {rates}")


def _error(p1: float, p0: float) -> tuple[float, float]:
    """Return the standard error of a difference for one run an arm: if the arms are equal, and as planned."""
    pooled = (p1 + p0) / 2
    return sqrt(2 * pooled * (1 - pooled)), sqrt(p1 * (1 - p1) + p0 * (1 - p0))


def runs_for_difference(p1: float, p0: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Return the runs an arm that detect p1 against p0, two-sided (Fleiss, Levin & Paik 2003, eq. 4.14).

    A normal approximation; the power of the exact test may lie a little off at rates near 0 or 1.
    """
    _check_rates(p1, p0)
    if p1 == p0:
        raise ValueError(f"equal rates have no difference to detect; found {p1} twice")
    null, planned = _error(p1, p0)
    target = (
        _z(1 - check_share("alpha", alpha) / 2) * null + _z(check_share("power", power)) * planned
    )
    return max(2, ceil((target / (p1 - p0)) ** 2 - 1e-9))


def power_for_difference(p1: float, p0: float, n: int, *, alpha: float = 0.05) -> float:
    """Return the chance that n runs an arm detect p1 against p0, two-sided; inverse of ``runs_for_difference``."""
    _check_rates(p1, p0)
    null, planned = _error(p1, p0)
    excess = abs(p1 - p0) * sqrt(n) - _z(1 - check_share("alpha", alpha) / 2) * null
    if planned == 0:
        return float(excess > 0)
    return float(stats.norm.cdf(excess / planned))


def detectable(p0: float, n: int, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Return the smallest rate above p0 that n runs an arm detect; None if not even a rate of 1 is detected."""
    _check_rates(p0)

    def shortfall(p1: float) -> float:
        return power_for_difference(p1, p0, n, alpha=alpha) - check_share("power", power)

    if p0 >= 1 or shortfall(1.0) < 0:
        return None
    return float(brentq(shortfall, p0 + 1e-9, 1.0))


def runs_for_equivalence(
    rate_: float, margin: float, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Return the runs an arm that show two equal rates to differ by less than a margin.

    Two one-sided tests (Chow et al. 2018, section 4.2.3).
    """
    _check_rates(rate_)
    check_share("margin", margin)
    reach = _z(1 - check_share("alpha", alpha)) + _z((1 + check_share("power", power)) / 2)
    return max(2, ceil(reach**2 * 2 * rate_ * (1 - rate_) / margin**2 - 1e-9))


def equivalence_margin(rate_: float, n: int, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Return the smallest margin within which n runs an arm show two equal rates to lie."""
    _check_rates(rate_)
    reach = _z(1 - check_share("alpha", alpha)) + _z((1 + check_share("power", power)) / 2)
    return reach * sqrt(2 * rate_ * (1 - rate_) / n)


def precision(rate_: float, n: int, *, level: float = 0.95, method: str = "wilson") -> float:
    """Return half the width of the interval that n runs give when the rate comes out as expected."""
    _check_rates(rate_)
    return rate(round(rate_ * n), n, level=level, method=method).width / 2


def runs_for_precision(
    half_width: float, *, rate_: float = 0.5, level: float = 0.95, method: str = "wilson"
) -> int:
    """Return the fewest runs whose interval is so narrow at that rate; 0.5 is the worst case."""
    check_share("half_width", half_width)

    def narrow(n: int) -> bool:
        return precision(rate_, n, level=level, method=method) <= half_width

    high = 1
    while not narrow(high):
        high *= 2
    while high > 1 and narrow(high - 1):
        high -= 1
    return high


def wordings_error(rate_: float, spread: float, wordings: int, repeats: int) -> float:
    """Return the standard error of the rate over wordings when wordings differ by ``spread`` (SD of their rates).

    ``spread`` squared falls only with wordings; p(1 - p) falls with all runs.
    """
    _check_rates(rate_)
    if wordings < 1 or repeats < 1 or spread < 0:
        raise ValueError("wordings and repeats are at least 1, the spread at least 0")
    return sqrt(spread**2 / wordings + rate_ * (1 - rate_) / (wordings * repeats))
