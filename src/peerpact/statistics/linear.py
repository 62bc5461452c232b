"""Scores under two crossed factors: cell means, the effect of each factor, and their interaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS

from peerpact.statistics.intervals import check_share

__all__ = ["CellMean", "Effect", "Factorial", "factorial"]

Floats = NDArray[np.float64]
_LEAST = 2
_FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class CellMean:
    """The scores of one combination of levels; the mean is None where there are none."""

    first: bool
    second: bool
    mean: float | None
    deviation: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference in points with its limits; the value is None where it cannot be had (``reason``)."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    level: float
    method: str = "ols_hc3"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Factorial:
    """Two crossed factors.

    ``first`` and ``second`` are differences of marginal means; ``interaction`` is what both together add to the
    sum of what each adds alone.
    """

    cells: tuple[CellMean, ...]
    first: Effect
    second: Effect
    interaction: Effect


def factorial(
    scores: Sequence[float] | Floats,
    first: Sequence[bool],
    second: Sequence[bool],
    *,
    level: float = 0.95,
) -> Factorial:
    """Estimate the effects of two crossed factors on a score.

    Ordinary least squares with errors that allow each run a variance of its own (HC3 of MacKinnon & White 1985,
    statsmodels); limits and p-values from Student's t.

    Args:
        scores: One score a run.
        first: Whether the first factor is on.
        second: Whether the second one is.
        level: Confidence level.
    """
    y, a, b = (np.asarray(column, dtype=np.float64) for column in (scores, first, second))
    if not len(y) == len(a) == len(b) or not np.isfinite(y).all():
        raise ValueError(
            f"each run needs a score and both factors; found {len(y)}, {len(a)} and {len(b)}, "
            f"{int((~np.isfinite(y)).sum())} of the scores not finite"
        )
    check_share("level", level)
    cells = tuple(_cell(y, a, b, one, other) for one in (True, False) for other in (True, False))
    return Factorial(
        cells,
        _effect(y, [a], level),
        _effect(y, [b], level),
        _effect(y, [a * b, a, b], level, [cell.n for cell in cells]),
    )


def _cell(y: Floats, a: Floats, b: Floats, one: bool, other: bool) -> CellMean:
    own = y[(a == one) & (b == other)]
    mean = float(own.mean()) if len(own) else None
    deviation = float(own.std(ddof=1)) if len(own) >= _LEAST else None
    return CellMean(one, other, mean, deviation, len(own))


def _effect(
    y: Floats, columns: Sequence[Floats], level: float, counts: Sequence[int] = ()
) -> Effect:
    """Return the effect of the first column, the others held."""
    sizes = counts or [int(columns[0].sum()), int((1 - columns[0]).sum())]
    if min(sizes) < _LEAST:
        reason = f"an arm has fewer than {_LEAST} scores"
        return Effect(None, None, None, None, len(y), level, reason=reason)
    fit = OLS(y, np.column_stack([*columns, np.ones(len(y))])).fit(cov_type="HC3", use_t=True)
    value = float(fit.params[0])
    if float(np.ptp(fit.resid)) <= _FLAT * max(1.0, float(np.abs(y).max())):
        reason = "the scores within each arm do not vary"
        return Effect(value, None, None, None, len(y), level, reason=reason)
    low, high = (float(limit) for limit in fit.conf_int(alpha=1 - level)[0])
    return Effect(value, low, high, float(fit.pvalues[0]), len(y), level)
