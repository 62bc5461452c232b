"""Whether judges agree beyond chance: Krippendorff's alpha for any number of them, Cohen's kappa for two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.inter_rater import cohens_kappa

from peerpact.statistics.intervals import Interval, check_share, choose

__all__ = ["DISTANCES", "cohen_kappa", "krippendorff_alpha"]

Floats = NDArray[np.float64]
_LEAST_UNITS = 5
Ratings = Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class _Table:
    """Counts of each value in each unit with two or more ratings: shape (units, values)."""

    counts: Floats
    values: Floats


def _nominal(values: Floats, totals: Floats) -> Floats:
    return 1.0 - np.eye(len(values))


def _interval(values: Floats, totals: Floats) -> Floats:
    return np.asarray((values[:, None] - values[None, :]) ** 2)


def _ordinal(values: Floats, totals: Floats) -> Floats:
    ranks = np.cumsum(totals) - totals / 2
    return np.asarray((ranks[:, None] - ranks[None, :]) ** 2)


DISTANCES: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}
"""Squared distances between values, by level of measurement (Krippendorff 2011, section E)."""


def krippendorff_alpha(
    ratings: Ratings,
    *,
    measurement: str = "nominal",
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 2_000,
) -> Interval:
    """Measure the agreement of any number of judges, with gaps.

    Args:
        ratings: One row a judge, one entry a unit; None where a judge gave none.
        measurement: ``nominal``, ``ordinal`` or ``interval``.
        rng: Source of randomness of the interval.
        level: Confidence level.
        resamples: Bootstrap samples of units.

    Returns:
        Alpha = 1 - observed / expected disagreement (Krippendorff 2011, eq. 1) with a percentile
        bootstrap over units; ``n`` counts units with two or more ratings. The value is None if
        there are none, or if all ratings are the same, for then agreement cannot be told from lack
        of variation.
    """
    check_share("level", level)
    distance = choose("measurement", measurement, DISTANCES)
    table = _table(ratings)
    n, method = len(table.counts), f"krippendorff_{measurement}"
    if len(table.values) < 2:
        reason = "no unit with two ratings" if n == 0 else "all ratings are the same"
        return Interval(None, -1.0, 1.0, level, method, n, reason)
    value = _alpha(table.counts, table.values, distance)
    draws = rng.integers(0, n, size=(resamples, n))
    found = [_alpha(table.counts[draw], table.values, distance) for draw in draws]
    return _bootstrap(value, found, level, method, n)


def _bootstrap(
    value: float | None, found: list[float | None], level: float, method: str, n: int
) -> Interval:
    """Percentile limits over the resamples in which the measure exists; none from too few units."""
    kept = [one for one in found if one is not None]
    if n < _LEAST_UNITS or not kept:
        reason = f"an interval needs at least {_LEAST_UNITS} units"
        return Interval(value, -1.0, 1.0, level, method, n, reason)
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    reason = "no resample differs: the limits show no sampling error" if low == high else ""
    return Interval(value, float(low), float(high), level, method, n, reason)


def _table(ratings: Ratings) -> _Table:
    units = [[float(r) for r in unit if r is not None] for unit in zip(*ratings, strict=True)]
    paired = [unit for unit in units if len(unit) > 1]
    values = np.unique([r for unit in paired for r in unit])
    counts = [[unit.count(value) for value in values.tolist()] for unit in paired]
    return _Table(np.array(counts, dtype=np.float64).reshape(len(paired), len(values)), values)


def _alpha(
    counts: Floats, values: Floats, distance: Callable[[Floats, Floats], Floats]
) -> float | None:
    per_unit, totals = counts.sum(axis=1), counts.sum(axis=0)
    pairs = np.einsum("uv,uw->uvw", counts, counts) - np.einsum(
        "uv,vw->uvw", counts, np.eye(len(values))
    )
    coincidences = (pairs / (per_unit - 1)[:, None, None]).sum(axis=0)
    squared = distance(values, totals)
    expected = float((np.outer(totals, totals) * squared).sum() / (totals.sum() - 1))
    return None if expected == 0 else 1 - float((coincidences * squared).sum()) / expected


def cohen_kappa(
    one: Sequence[float],
    other: Sequence[float],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 2_000,
) -> Interval:
    """Measure the agreement of two judges beyond their margins (Cohen 1960); percentile bootstrap over units."""
    check_share("level", level)
    if len(one) != len(other):
        raise ValueError(f"two judges need equal lengths; found {len(one)} and {len(other)}")
    values, codes = np.unique(np.array([one, other], dtype=np.float64), return_inverse=True)
    n, method = len(one), "cohen_kappa"
    if len(values) < 2:
        reason = "no unit" if n == 0 else "all ratings are the same"
        return Interval(None, -1.0, 1.0, level, method, n, reason)
    pairs = codes.reshape(2, n)
    draws = rng.integers(0, n, size=(resamples, n))
    found = [_kappa(pairs[:, draw], len(values)) for draw in draws]
    return _bootstrap(_kappa(pairs, len(values)), found, level, method, n)


def _kappa(pairs: NDArray[np.intp], values: int) -> float | None:
    table = np.zeros((values, values))
    np.add.at(table, (pairs[0], pairs[1]), 1.0)
    expected = float(table.sum(axis=0) @ table.sum(axis=1)) / table.sum() ** 2
    if expected == 1.0:
        return None
    return float(cohens_kappa(table, return_results=False))
