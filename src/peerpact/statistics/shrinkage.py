"""Rates of many cells that resemble each other, each pulled towards its group as far as the data say.

Rates are beta distributed over the group with unknown mean and concentration. Both are averaged
over a grid rather than set to their best value, as a plug-in forgets that they are estimates and
covers too little (Carlin & Louis 2000, section 3.5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, expit

from peerpact.statistics.exchangeable import LOGITS, combine
from peerpact.statistics.intervals import Interval, check_counts, check_share
from peerpact.statistics.rates import rate

__all__ = ["Shrunk", "shrink"]

Floats = NDArray[np.float64]
_METHOD = "beta_binomial_hierarchical"
_MEANS = np.sin(np.linspace(0.02, np.pi / 2 - 0.02, 41)) ** 2
_CONCENTRATIONS = np.geomspace(0.5, 500, 25)
_FLOOR = 1e-300  # keeps the logarithm of a rate that a candidate all but excludes


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Cells in the order given; ``mean`` and ``concentration`` describe the group they were pulled towards.

    The concentration is worth so many runs: a cell with as many runs of its own moves half-way.
    """

    cells: tuple[Interval, ...]
    mean: float | None
    concentration: float | None
    reason: str = ""


@lru_cache(maxsize=1)
def _candidates() -> tuple[Floats, Floats, Floats]:
    """Return each beta distribution's mean, concentration and probabilities of the grid of rates.

    Means are even in arcsine and concentrations in log, which makes the prior flat in both.
    """
    means, concentrations = (g.ravel() for g in np.meshgrid(_MEANS, _CONCENTRATIONS))
    edges = expit(np.concatenate([[-np.inf], (LOGITS[1:] + LOGITS[:-1]) / 2, [np.inf]]))
    alpha, beta = means * concentrations, (1 - means) * concentrations
    given = np.diff(betainc(alpha[:, None], beta[:, None], edges[None, :]), axis=1)
    return means, concentrations, np.maximum(given, _FLOOR)


def shrink(successes: Sequence[int], n: Sequence[int], *, level: float = 0.95) -> Shrunk:
    """Estimate the rates of cells that a design declares exchangeable.

    A cell without runs gets the group's rate and says so; with fewer than three cells that have
    runs nothing is pulled and Jeffreys intervals are returned.
    """
    counts = [check_counts(x, k) for x, k in zip(successes, n, strict=True)]
    check_share("level", level)
    if sum(k > 0 for _, k in counts) < 3:
        own = tuple(rate(x, k, level=level, method="jeffreys") for x, k in counts)
        return Shrunk(
            own, None, None, "fewer than three cells with runs: nothing to learn from others"
        )
    means, concentrations, given = _candidates()
    alike = Counter(counts)
    x, k = (np.array(column, dtype=np.int64) for column in zip(*alike, strict=True))
    times = np.array(list(alike.values()), dtype=np.float64)
    found = combine(x, k, np.zeros(len(means)), given, times=times)
    low, high = found.quantile((1 - level) / 2), found.quantile((1 + level) / 2)
    columns = zip(k.tolist(), found.mean().tolist(), low.tolist(), high.tolist(), strict=True)
    made = {pair: _cell(*column, level) for pair, column in zip(alike, columns, strict=True)}
    cells = tuple(made[pair] for pair in counts)
    weights = found.candidates
    return Shrunk(cells, float(weights @ means), float(np.exp(weights @ np.log(concentrations))))


def _cell(n: int, value: float, low: float, high: float, level: float) -> Interval:
    reason = "" if n else "no scored run of its own: the group's rate"
    return Interval(value, low, high, level, _METHOD, n, reason)
