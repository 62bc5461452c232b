"""How often an interval holds, computed exactly by summing the binomial rather than by simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from peerpact.statistics.intervals import METHODS, check_share, choose
from peerpact.statistics.sequential import anytime_rate

__all__ = ["Coverage", "anytime_coverage", "coverage", "coverage_at"]

Floats = NDArray[np.float64]
_BESIDE = 1e-9  # how far beside a limit its jump in coverage is read


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage over rates from 0 to 1: its mean over a grid, and its worst point anywhere."""

    method: str
    n: int
    level: float
    mean: float
    worst: float
    worst_rate: float


def _anytime(x: int, n: int, level: float) -> tuple[float, float]:
    interval = anytime_rate(x, n, level=level)
    return interval.low, interval.high


_LIMITS: Mapping[str, Callable[[int, int, float], tuple[float, float]]] = {
    **METHODS,
    "anytime": _anytime,
}


def _limits(method: str, n: int, level: float) -> Floats:
    formula = choose("interval method", method, _LIMITS)
    return np.array([formula(x, n, check_share("level", level)) for x in range(n + 1)])


def coverage_at(
    rates: Sequence[float] | Floats, n: int, *, method: str = "wilson", level: float = 0.95
) -> Floats:
    """Return the probability that the interval from n runs holds each true rate; shape (rates,)."""
    return _probability(np.asarray(rates, dtype=np.float64), n, _limits(method, n, level))


def _probability(rates: Floats, n: int, limits: Floats) -> Floats:
    low, high = limits[:, 0][None, :], limits[:, 1][None, :]
    held = (low <= rates[:, None]) & (rates[:, None] <= high)
    return np.asarray(
        (stats.binom.pmf(np.arange(n + 1)[None, :], n, rates[:, None]) * held).sum(axis=1)
    )


@lru_cache(maxsize=256)
def coverage(n: int, *, method: str = "wilson", level: float = 0.95, grid: int = 1_001) -> Coverage:
    """Return the mean coverage over a grid of rates, and the worst coverage at any rate in 0..1.

    Coverage jumps only where the true rate crosses a limit, and is smooth between; it is therefore
    read on the grid and on both sides of each limit.
    """
    limits = _limits(method, n, level)
    even = np.linspace(0, 1, grid)
    beside = np.concatenate([limits.ravel() - _BESIDE, limits.ravel() + _BESIDE])
    rates = np.concatenate([even, beside[(beside > 0) & (beside < 1)]])
    found = _probability(rates, n, limits)
    worst = int(np.argmin(found))
    mean = float(found[:grid].mean())
    return Coverage(method, n, level, mean, float(found[worst]), float(rates[worst]))


@lru_cache(maxsize=256)
def anytime_coverage(rate: float, looks: int, *, level: float = 0.95) -> float:
    """Return the probability that the anytime-valid interval holds a rate at every look up to ``looks`` runs.

    Computed by carrying forward the probability of each count that never left the interval.
    """
    alive = np.array([1.0])
    for n in range(1, looks + 1):
        alive = np.append(alive * (1 - rate), 0.0) + np.append(0.0, alive * rate)
        held = [anytime_rate(x, n, level=level).covers(rate) for x in range(n + 1)]
        alive = alive * held
    return float(alive.sum())
