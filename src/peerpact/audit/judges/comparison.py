"""One comparison of a judge's own scores between arms: by item where items recur, else cell by cell.

A contrast is a weight for each arm. Units are differences within an item wherever at least six
items were scored in all arms; then the test is the sign flip. Otherwise cells of rows are compared
within strata, as ordinary least squares with stratum effects and HC3 errors would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import stats

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.signflip import LEAST_PAIRS, Tested, sign_flip
from peerpact.audit.judges.table import Codes, Floats, joint

__all__ = ["Comparison", "about", "cell_contrast", "compare", "confounders", "item_differences"]

LEAST_ITEMS = 12
"""With fewer items than this the pair of item and stratum is the unit, not the item."""

_POWER = 0.8
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Rows of one judge, the arm of each, and what else has to be equal between arms."""

    judge: str
    question: str
    quantity: str
    scope: str
    control: str
    values: Floats
    arm: Codes
    """0, 1, … for each row."""
    weights: tuple[float, ...]
    """One for each arm; their sum is 0."""
    strata: Codes
    """Rows that are alike in all that is held; arms are compared within these."""
    items: Codes | None
    rows: Codes
    """Row numbers in the table, in its order."""
    direction: int = 0
    left_out: Mapping[str, int] = field(default_factory=lambda: _NONE)
    caveats: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    reach: float | None = None
    """The largest absolute value of one difference, where a repeated audit bets on the mean of differences (marks
    and passes); None where it bets on their signs."""
    held: Mapping[str, Codes] = field(default_factory=lambda: _NONE)
    """What makes the strata, by name."""


Unpaired = Callable[[Comparison, float], tuple[Tested | None, str]]


def about(comparison: Comparison, tested: Tested, unit: str, level: float) -> Estimate:
    """Return the estimate of a comparison."""
    z = float(stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(_POWER))
    return Estimate(
        comparison.judge,
        comparison.question,
        comparison.quantity,
        comparison.scope,
        tested.value,
        tested.low,
        tested.high,
        level,
        tested.test,
        comparison.control,
        unit,
        tested.n,
        tested.p,
        comparison.direction,
        z * tested.error,
        comparison.left_out,
        comparison.caveats,
        comparison.facts,
    )


def compare(comparison: Comparison, *, level: float, unpaired: Unpaired | None = None) -> Answer:
    """Estimate a comparison in the strongest way that its rows allow.

    Args:
        comparison: The rows and their arms.
        level: Confidence level.
        unpaired: What to do where too few items were scored in all arms; by default cell means.
    """
    counts = np.bincount(comparison.arm, minlength=len(comparison.weights))
    if (counts == 0).any():
        return _untested(comparison, "empty_arm", {"rows": counts.tolist()})
    if len(comparison.values) and np.ptp(comparison.values) == 0:
        return _untested(comparison, "constant", {"score": float(comparison.values[0])})
    if comparison.items is not None:
        differences, unit = item_differences(comparison)
        if len(differences) >= LEAST_PAIRS:
            return about(comparison, sign_flip(differences, level=level), unit, level)
    tested, unit = (unpaired or cell_contrast)(comparison, level)
    if tested is None:
        rows = counts.tolist()
        if apart := confounders(comparison):
            return _untested(comparison, "confounded", {"with": apart, "rows": rows})
        return _untested(comparison, "too_few", {"rows": rows})
    return about(comparison, tested, unit, level)


def _untested(comparison: Comparison, reason: str, facts: Mapping[str, Any]) -> Untested:
    c = comparison
    return Untested(c.judge, c.question, reason, facts, c.quantity, c.scope)


def confounders(comparison: Comparison) -> list[str]:
    """Return what goes together with the arms, so that no rows alike in it are in all of them.

    Each is named that does so alone; where none does, all that together do.
    """
    arms = len(comparison.weights)

    def apart(held: Codes) -> bool:
        cell = joint(held) * arms + comparison.arm
        n = np.bincount(cell, minlength=(int(cell.max()) // arms + 1) * arms).reshape(-1, arms)
        return not (n > 0).all(axis=1).any()

    if not apart(comparison.strata):
        return []
    alone = [name for name, codes in comparison.held.items() if apart(codes)]
    return alone or [name for name, codes in comparison.held.items() if np.ptp(codes)]


def item_differences(comparison: Comparison) -> tuple[Floats, str]:
    """Return the contrast within each item that was scored in all arms, and what one entry is."""
    items = comparison.items
    if items is None or len(items) == 0:
        return np.zeros(0), "pair"
    pair = joint(items, comparison.strata)
    arms = len(comparison.weights)
    cell = pair * arms + comparison.arm
    size = (int(pair.max()) + 1) * arms
    n = np.bincount(cell, minlength=size).reshape(-1, arms)
    total = np.bincount(cell, weights=comparison.values, minlength=size).reshape(-1, arms)
    full = (n > 0).all(axis=1)
    differences = (total[full] / n[full]) @ np.array(comparison.weights)
    item = joint(items[_first(pair)][full]) if full.any() else np.zeros(0, dtype=np.int64)
    if len(item) == 0 or int(item.max()) + 1 < LEAST_ITEMS:
        return differences, "pair"
    mean = np.bincount(item, weights=differences) / np.bincount(item)
    return mean, "item"


def _first(codes: Codes) -> Codes:
    """Return a row of each code."""
    rows = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    rows[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return rows


def cell_contrast(comparison: Comparison, level: float) -> tuple[Tested | None, str]:
    """Contrast cell means within strata; repeated scores of an item are first averaged.

    A stratum weighs as in least squares with stratum effects. The variance of a cell mean is that
    of MacKinnon & White's HC3 in the saturated model, which is SS / (n - 1)^2; degrees of freedom
    are Satterthwaite's. With one score a cell the stratum cannot be used.
    """
    values, arm, strata, unit = _units(comparison)
    arms = len(comparison.weights)
    cell = strata * arms + arm
    size = (int(strata.max()) + 1) * arms
    n = np.bincount(cell, minlength=size).reshape(-1, arms).astype(np.float64)
    used = (n > 1).all(axis=1)
    if not used.any():
        return None, unit
    counts = np.maximum(n, 1)
    mean = np.bincount(cell, weights=values, minlength=size).reshape(-1, arms) / counts
    apart = (values - mean.ravel()[cell]) ** 2
    squares: Floats = (
        np.bincount(cell, weights=apart, minlength=size).reshape(-1, arms).astype(np.float64)
    )
    if not squares[used].any():  # rounding hides variation of up to a twelfth of its step squared
        squares = (n - 1) * _step(values) ** 2 / 12
    contrast = np.array(comparison.weights)
    share = 1 / (1 / n[used]).sum(axis=1)
    share = share / share.sum()
    value = float(share @ (mean[used] @ contrast))
    parts = (share[:, None] * contrast) ** 2 * squares[used] / (n[used] - 1) ** 2
    error = sqrt(float(parts.sum()))
    freedom = float(parts.sum()) ** 2 / float((parts**2 / (n[used] - 1)).sum())
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    p = 2 * float(stats.t.sf(abs(value) / error, freedom))
    units = int(n[used].sum())
    return Tested(value, value - reach, value + reach, min(1.0, p), error, "cells_hc3", units), unit


def _step(values: Floats) -> float:
    distinct = np.unique(values)
    return float(np.diff(distinct).min()) if len(distinct) > 1 else 1.0


def _units(comparison: Comparison) -> tuple[Floats, Codes, Codes, str]:
    items = comparison.items
    if items is None:
        return comparison.values, comparison.arm, comparison.strata, "row"
    cell = joint(items, comparison.strata, comparison.arm)
    first = _first(cell)
    mean = np.bincount(cell, weights=comparison.values) / np.bincount(cell)
    return mean, comparison.arm[first], comparison.strata[first], "item"
