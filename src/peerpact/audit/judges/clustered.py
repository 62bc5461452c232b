"""Means, slopes and rates whose errors come in clusters, such as several scores for one item."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy import stats

from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Codes, Floats
from peerpact.statistics import Interval, rate

__all__ = ["clustered_mean", "clustered_share", "clustered_slope", "within"]


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


def _student(value: float, error: float, freedom: int, level: float, n: int) -> Tested:
    if error == 0:
        return Tested(value, value, value, 1.0 if value == 0 else 0.0, 0.0, "clustered", n)
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    p = 2 * float(stats.t.sf(abs(value) / error, freedom))
    return Tested(value, value - reach, value + reach, min(1.0, p), error, "clustered", n)


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
