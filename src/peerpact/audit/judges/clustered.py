"""Means, slopes and rates whose errors come in clusters: several scores for one item, or for one judged model."""

from __future__ import annotations

from math import sqrt

import numpy as np

from peerpact.audit.judges.signflip import Tested, student
from peerpact.audit.judges.table import Codes, Floats
from peerpact.statistics import Interval, rate

__all__ = [
    "LEAST_FREEDOM",
    "between_mean",
    "between_slope",
    "clustered_mean",
    "clustered_share",
    "clustered_slope",
    "within",
]

LEAST_FREEDOM = 2
"""Degrees of freedom between judged models with which their variation counts as known."""


def within(values: Floats, groups: Codes) -> Floats:
    """Return values less the mean of their group."""
    means = np.bincount(groups, weights=values) / np.maximum(np.bincount(groups), 1)
    return np.asarray(values - means[groups])


def clustered_slope(
    y: Floats, x: Floats, clusters: Codes, *, level: float, absorbed: int = 1
) -> Tested | None:
    """Estimate the slope of y on x, both already free of all else that is held equal.

    Errors are cluster robust (Liang & Zeger 1986) with the correction G / (G - 1) and t quantiles
    at G - 1; None where x does not vary or there are fewer than two clusters.

    Args:
        y: Residuals of the outcome.
        x: Residuals of the explanatory variable.
        clusters: The cluster of each row, from 0.
        level: Confidence level.
        absorbed: How many parameters have been taken out of both.
    """
    squares = float((x * x).sum())
    groups = int(clusters.max()) + 1 if len(clusters) else 0
    if squares <= 1e-12 or groups < 2 or len(y) <= absorbed + 1:
        return None
    value = float((x * y).sum()) / squares
    scores = np.bincount(clusters, weights=x * (y - value * x))
    factor = groups / (groups - 1) * (len(y) - 1) / (len(y) - absorbed - 1)
    error = sqrt(factor * float((scores * scores).sum())) / squares
    return _student(value, error, groups - 1, level, groups)


def clustered_mean(values: Floats, clusters: Codes, *, level: float) -> Tested | None:
    """Estimate a mean over rows, clusters being what is independent."""
    return clustered_slope(values, np.ones_like(values), clusters, level=level, absorbed=0)


def between_slope(
    y: Floats,
    x: Floats,
    groups: Codes,
    taken: Floats,
    clusters: Codes,
    *,
    level: float,
) -> Tested | None:
    """Estimate the slope of y on x where each group of rows has an effect of its own, drawn at random.

    The variance between groups is that of Henderson's method 3 (Searle, Casella & McCulloch 1992, section
    5.5) with Satterthwaite's degrees of freedom: for equal groups it is the t test of their means, which
    is exact however few they are (Donald & Lang 2007). Added is what rows add where a group that weighs
    much has few of them, and what clusters add where groups of one kind share them. None where the slope
    has no value or groups leave fewer than ``LEAST_FREEDOM`` degrees of freedom.

    Args:
        y: Residuals of the outcome.
        x: Residuals of the explanatory variable.
        groups: The group of each row, from 0.
        taken: What was taken out of both, as rows of an orthonormal basis summed over each group.
        clusters: The cluster of each row, such as its item, from 0.
        level: Confidence level.
    """
    found = clustered_slope(y, x, clusters, level=level, absorbed=len(taken))
    by_row = clustered_slope(y, x, np.arange(len(y)), level=level, absorbed=len(taken))
    if found is None or by_row is None:
        return None
    n = np.bincount(groups).astype(np.float64)
    share = np.bincount(groups, weights=x) / float((x * x).sum())
    left = np.diag(n) - taken.T @ taken - np.outer(share, share) * float((x * x).sum())
    rest = y - found.value * x
    sums = np.bincount(groups, weights=rest)
    total, squared = float(np.trace(left)), float((left * left).sum())
    rank = int(np.linalg.matrix_rank(left, tol=1e-6 * float(n.max()), hermitian=True))
    if rank < LEAST_FREEDOM or total <= 0:
        return None
    inverse = np.linalg.pinv(left, rcond=1e-6, hermitian=True)
    between = float(sums @ inverse @ sums) / total * float((share**2).sum())
    scatter = float((within(rest, groups) ** 2).sum()) / max(1, len(y) - len(n))
    thin = scatter * float((share**2 / n).sum() - (share**2).sum() * rank / total)
    shared = found.error**2 - by_row.error**2 if _add_up(x, clusters) else 0.0
    variance = between + max(0.0, thin) + max(0.0, shared)
    return _student(found.value, sqrt(variance), total**2 / squared, level, len(n))


def between_mean(values: Floats, groups: Codes, clusters: Codes, *, level: float) -> Tested | None:
    """Estimate a mean over rows where each group has an effect of its own; see ``between_slope``."""
    nothing = np.zeros((0, int(groups.max()) + 1))
    return between_slope(values, np.ones_like(values), groups, nothing, clusters, level=level)


def _add_up(x: Floats, clusters: Codes) -> bool:
    """Whether what the rows of a cluster share adds up in a slope on x, rather than cancelling out."""
    load = np.bincount(clusters, weights=x)
    return bool((load * load).sum() > (x * x).sum())


def _student(value: float, error: float, freedom: float, level: float, n: int) -> Tested:
    if error == 0:
        return Tested(value, value, value, 1.0 if value == 0 else 0.0, 0.0, "clustered", n)
    return student(value, error, freedom, level, "clustered", n)


def clustered_share(hits: Floats, clusters: Codes, *, level: float) -> Interval:
    """Estimate a share over rows: Wilson's interval at the effective number of rows.

    That number is the rows over the design effect of the clusters, and at least 1 (Korn & Graubard
    1998).
    """
    n = len(hits)
    if n == 0:
        return rate(0, 0, level=level)
    share = float(hits.mean())
    found = clustered_mean(hits, clusters, level=level)
    simple = share * (1 - share) / n
    effect = max(1.0, found.error**2 / simple) if found and simple > 0 else 1.0
    size = max(1, int(n / effect))
    interval = rate(round(share * size), size, level=level)
    low, high = min(interval.low, share), max(interval.high, share)
    return Interval(share, low, high, level, "wilson_clustered", n)
