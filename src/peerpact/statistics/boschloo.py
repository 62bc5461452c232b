"""Boschloo's exact unconditional test, fast enough for a table of thousands of contrasts.

SciPy has the test and serves as the reference; it rebuilds the table of Fisher p-values and runs a
global optimiser for every contrast (40 ms at two arms of 100). Here the table is kept for each pair
of arm sizes and the nuisance rate is searched on a fine grid, which costs below 1 ms.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

__all__ = ["boschloo"]

_TIE = 1e-9  # relative: tables whose Fisher p differs by less are equally extreme
_EDGE = 1e-12  # nearest rate to 0 and 1 whose logarithm is taken
_COARSE = 400  # nuisance rates on the first grid
_FINE = 40  # nuisance rates around each of the best three

Floats = NDArray[np.float64]


def _log_choose(n: int) -> Floats:
    k = np.arange(n + 1)
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


@lru_cache(maxsize=64)
def _fisher_greater(n1: int, n0: int) -> Floats:
    """One-sided Fisher p-values of every table, indexed by the successes of arm 1 and arm 0."""
    totals = np.arange(n1 + n0 + 1)
    x1 = np.arange(n1 + 1)
    x0 = totals[:, None] - x1[None, :]
    exists = (x0 >= 0) & (x0 <= n0)
    weights = _log_choose(n1)[None, :] + _log_choose(n0)[np.clip(x0, 0, n0)]
    weights = weights - _log_choose(n1 + n0)[:, None]
    probability = np.where(exists, np.exp(weights), 0.0)
    tails = np.cumsum(probability[:, ::-1], axis=1)[:, ::-1]
    grid = x1[:, None] + np.arange(n0 + 1)[None, :]
    table: Floats = tails[grid, x1[:, None]]
    table.setflags(write=False)
    return table


def _binomials(n: int, rates: Floats) -> Floats:
    k = np.arange(n + 1)[None, :]
    p = np.clip(rates, _EDGE, 1 - _EDGE)[:, None]
    return np.asarray(np.exp(_log_choose(n)[None, :] + k * np.log(p) + (n - k) * np.log1p(-p)))


def _at_most(pmf: Floats) -> Floats:
    """Return the chance of fewer than k successes in column k, for k from 0 to n + 1."""
    return np.concatenate([np.zeros((len(pmf), 1)), np.cumsum(pmf, axis=1)], axis=1)


@lru_cache(maxsize=64)
def _grid(n: int) -> Floats:
    return _binomials(n, np.sin(_angles()) ** 2)


@lru_cache(maxsize=64)
def _grid_at_most(n: int) -> Floats:
    return _at_most(_grid(n))


@lru_cache(maxsize=1)
def _angles() -> Floats:
    return np.linspace(0, np.pi / 2, _COARSE)


def _mass(reach: NDArray[np.int64], pmf1: Floats, below0: Floats) -> Floats:
    """Return the chance of the region at each rate; ``reach`` counts its tables for each x1.

    Fisher's p-value rises with x0, so that the tables of one x1 are x0 = 0, 1, … up to a bound.
    """
    return np.asarray((pmf1 * below0[:, reach]).sum(axis=1))


@lru_cache(maxsize=65536)
def _greater(x1: int, n1: int, x0: int, n0: int) -> float:
    fisher = _fisher_greater(n1, n0)
    reach = (fisher <= fisher[x1, x0] * (1 + _TIE)).sum(axis=1)
    mass = _mass(reach, _grid(n1), _grid_at_most(n0))
    step = _angles()[1]
    peaks = _angles()[np.argsort(mass)[-3:]]
    near = np.clip(peaks[:, None] + np.linspace(-step, step, _FINE)[None, :], 0, np.pi / 2)
    rates = np.asarray(np.sin(near.ravel()) ** 2)
    refined = _mass(reach, _binomials(n1, rates), _at_most(_binomials(n0, rates)))
    return float(min(1.0, max(mass.max(), refined.max())))


def boschloo(x1: int, n1: int, x0: int, n0: int) -> float:
    """Return the two-sided p-value: twice the smaller one-sided one, as ``scipy.stats`` has it.

    The statistic is Fisher's one-sided p-value, and the p-value its distribution at the least
    favourable common rate (Boschloo 1970, section 3), hence never larger than Fisher's.
    """
    return min(1.0, 2 * min(_greater(x1, n1, x0, n0), _greater(x0, n0, x1, n1)))
