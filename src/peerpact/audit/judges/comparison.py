"""One comparison of a judge's own scores between arms: by item where items recur, else cell by cell.

A contrast is a weight for each arm. Units are differences within an item wherever at least six
items were scored in all arms; then the test is the sign flip. Otherwise cells of rows are compared
within strata, as ordinary least squares with stratum effects and HC3 errors would.

Scores may hang together. A run is one conversation, one batch or one sheet that a judge worked through
under one arm, and what is particular to it lifts or lowers all its scores; so does an item that was
scored in one arm only, for all models that answered it. Where that varies more, it is what is independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import sqrt
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import stats

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.signflip import LEAST_PAIRS, Tested, sign_flip, student
from peerpact.audit.judges.table import Codes, Floats, first_rows, joint

__all__ = [
    "Comparison",
    "about",
    "cell_contrast",
    "compare",
    "confounders",
    "item_differences",
    "over_clusters",
]

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
    runs: Codes | None = None
    """The run in which each score was given, where the table says so."""


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
    differences, unit = item_differences(comparison)
    clusters = {"run": comparison.runs}
    if len(differences) >= LEAST_PAIRS:
        tested: Tested | None = sign_flip(differences, level=level)
    else:
        tested, unit = (unpaired or cell_contrast)(comparison, level)
        clusters["item"] = comparison.items
    if tested is None:
        rows = counts.tolist()
        if apart := confounders(comparison):
            return _untested(comparison, "confounded", {"with": apart, "rows": rows})
        return _untested(comparison, "too_few", {"rows": rows})
    return _varying_most(comparison, tested, unit, clusters, level)


def _varying_most(
    c: Comparison,
    tested: Tested,
    unit: str,
    clusters: Mapping[str, Codes | None],
    level: float,
) -> Estimate:
    """Return the estimate over what varies most: single scores and pairs, or what they hang together in."""
    for name, codes in clusters.items():
        if codes is None or not _hang_together(c, codes):
            continue
        together = over_clusters(c, codes, level)
        if together is None and name == "run":
            c = replace(c, caveats=(*c.caveats, "few_runs"))
        elif together is not None and together.error > tested.error:
            paired = together.test.startswith("sign_flip")
            tested, unit = together, f"{name} pair" if paired else name
    return about(c, tested, unit, level)


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
    item = joint(items[first_rows(pair)][full]) if full.any() else np.zeros(0, dtype=np.int64)
    if len(item) == 0 or int(item.max()) + 1 < LEAST_ITEMS:
        return differences, "pair"
    mean = np.bincount(item, weights=differences) / np.bincount(item)
    return mean, "item"


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
    return student(value, error, freedom, level, "cells_hc3", int(n[used].sum())), unit


def _step(values: Floats) -> float:
    distinct = np.unique(values)
    return float(np.diff(distinct).min()) if len(distinct) > 1 else 1.0


def _units(comparison: Comparison) -> tuple[Floats, Codes, Codes, str]:
    items = comparison.items
    if items is None:
        return comparison.values, comparison.arm, comparison.strata, "row"
    cell = joint(items, comparison.strata, comparison.arm)
    first = first_rows(cell)
    mean = np.bincount(cell, weights=comparison.values) / np.bincount(cell)
    return mean, comparison.arm[first], comparison.strata[first], "item"


def _hang_together(comparison: Comparison, clusters: Codes) -> bool:
    """Whether there are several clusters, and some hold more than one score of an arm."""
    several = len(clusters) > 0 and np.ptp(clusters) > 0
    return bool(several and np.bincount(joint(clusters, comparison.arm)).max() > 1)


def over_clusters(comparison: Comparison, clusters: Codes, level: float) -> Tested | None:
    """Contrast the arms with clusters as what is independent, the work held equal; None where they are too few.

    Clusters whose names are in all arms are compared with themselves. Others are compared within a piece of
    work where each holds a single one, else altogether. Names that are too few, since they only count the
    runs of one piece of work, are taken with the work.
    """
    alike = _held_equal(comparison)
    if alike is None:
        return None
    rows, held = alike
    names = clusters[rows]
    found = _contrast(held, names, level)
    if found is None and not _in_one(names, held.arm):
        found = _contrast(held, joint(names, held.strata), level)
    return found


def _held_equal(comparison: Comparison) -> tuple[Codes, Comparison] | None:
    """Return the rows whose work is in all arms, and their values less what that work gets over the arms."""
    c, arms = comparison, len(comparison.weights)
    work = c.strata
    if c.items is not None and len(item_differences(c)[0]) >= LEAST_PAIRS:
        work = joint(c.items, c.strata)
    cell = work * arms + c.arm
    size = (int(work.max()) + 1) * arms
    n = np.bincount(cell, minlength=size).reshape(-1, arms)
    total = np.bincount(cell, weights=c.values, minlength=size).reshape(-1, arms)
    rows = np.flatnonzero(n.min(axis=1)[work] > 0)
    if len(rows) == 0:
        return None
    usual = (total / np.maximum(n, 1)).mean(axis=1)
    values = c.values[rows] - usual[work[rows]]
    held = replace(c, values=values, arm=c.arm[rows], strata=c.strata[rows], items=None)
    return rows, held


def _contrast(held: Comparison, names: Codes, level: float) -> Tested | None:
    in_arm = joint(names, held.arm)
    first = first_rows(in_arm)
    name = joint(names[first])
    alone = _in_one(names, held.strata)
    means = replace(
        held,
        values=np.bincount(in_arm, weights=held.values) / np.bincount(in_arm),
        arm=held.arm[first],
        strata=held.strata[first] * alone,
    )
    seen = np.bincount(name)
    if (seen == len(held.weights)).sum() >= LEAST_PAIRS:
        return _paired(means, name, level)
    if (seen > 1).any():
        return None
    if alone and _single(means):
        return _paired(means, means.strata, level)
    return cell_contrast(means, level)[0]


def _in_one(names: Codes, parts: Codes) -> bool:
    """Whether each name is in one part only."""
    return int(joint(names, parts).max()) == int(joint(names).max())


def _single(means: Comparison) -> bool:
    """Whether some stratum has a single cluster in an arm."""
    return bool((np.bincount(joint(means.strata, means.arm)) == 1).any())


def _paired(means: Comparison, by: Codes, level: float) -> Tested | None:
    differences, _ = item_differences(replace(means, items=by, strata=np.zeros_like(by)))
    return sign_flip(differences, level=level) if len(differences) >= LEAST_PAIRS else None
