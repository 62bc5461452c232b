"""What an interval is, and the one-sample formulas behind it.

Every function takes counts. A limit that data cannot give is the end of the range, and the result
says why: no result of this package holds a NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from scipy import stats
from statsmodels.stats.proportion import proportion_confint

__all__ = ["METHODS", "Interval", "check_counts", "check_share", "choose", "limits"]

Option = TypeVar("Option")


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between its limits; ``value`` is None where nothing was observed (``reason``)."""

    value: float | None
    low: float
    high: float
    level: float
    method: str
    n: int
    reason: str = ""

    @property
    def width(self) -> float:
        """Distance between the limits."""
        return self.high - self.low

    def covers(self, rate: float) -> bool:
        """Whether ``rate`` lies inside the limits."""
        return self.low <= rate <= self.high


def check_counts(successes: int, n: int) -> tuple[int, int]:
    """Return both as plain integers, or say what is wrong with them."""
    if int(successes) != successes or int(n) != n or not 0 <= successes <= n:
        raise ValueError(f"counts need whole numbers 0 <= successes <= n; found {successes} of {n}")
    return int(successes), int(n)


def check_share(name: str, value: float) -> float:
    """Return a share strictly between 0 and 1, such as a level, or say what was found."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1; found {value}")
    return float(value)


def choose(what: str, found: str, options: Mapping[str, Option]) -> Option:
    """Return the option of that name, or say which names exist."""
    if found not in options:
        raise ValueError(f"{what} {found!r} does not exist; allowed: {', '.join(options)}")
    return options[found]


def _wilson(x: int, n: int, level: float) -> tuple[float, float]:
    low, high = proportion_confint(x, n, alpha=1 - level, method="wilson")
    return (0.0 if x == 0 else float(low)), (1.0 if x == n else float(high))


def _jeffreys(x: int, n: int, level: float) -> tuple[float, float]:
    low, high = proportion_confint(x, n, alpha=1 - level, method="jeffreys")
    return (0.0 if x == 0 else float(low)), (1.0 if x == n else float(high))


def _exact(x: int, n: int, level: float) -> tuple[float, float]:
    low, high = proportion_confint(x, n, alpha=1 - level, method="beta")
    return float(low), float(high)


def _upper(x: int, n: int, level: float) -> tuple[float, float]:
    return 0.0, 1.0 if x == n else float(stats.beta.ppf(level, x + 1, n - x))


METHODS: Mapping[str, Callable[[int, int, float], tuple[float, float]]] = {
    "wilson": _wilson,
    "jeffreys": _jeffreys,
    "exact": _exact,
    "upper": _upper,
}
"""Interval methods by name.

``wilson`` inverts the score test (Wilson 1927; Brown, Cai & DasGupta 2001, eq. 4): for display.
``jeffreys`` takes quantiles of Beta(x + 1/2, n - x + 1/2), its ends closed at x = 0 and x = n
(ibid., section 4.1.2).
``exact`` is Clopper & Pearson (1934): never covers less than its level.
``upper`` is the one-sided exact bound, 1 - (1 - level)^(1/n) at x = 0: what a zero excludes.
"""


@lru_cache(maxsize=65536)
def limits(successes: int, n: int, level: float, method: str) -> tuple[float, float]:
    """Return the two limits for a rate; all of [0, 1] when there was no run."""
    formula = choose("interval method", method, METHODS)
    return formula(successes, n, level) if n else (0.0, 1.0)
