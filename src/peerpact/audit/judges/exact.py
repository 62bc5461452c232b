"""Two arms' pass rates within strata: the exact conditional test, with limits from Wilson's."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy import stats

from peerpact.audit.judges.comparison import Comparison
from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Floats
from peerpact.statistics import agreeing
from peerpact.statistics.intervals import limits

__all__ = ["stratified_difference"]

_MOST_EXACT = 5_000
_TIE = 1 + 1e-7


def stratified_difference(comparison: Comparison, level: float) -> tuple[Tested | None, str]:
    """Contrast the share of ones in arm 1 and arm 0, strata held.

    The test conditions on the margins of every stratum (the exact form of Cochran-Mantel-Haenszel;
    Fisher's test for one stratum), or is its normal form beyond 5,000 rows. The estimate weighs
    strata as Mantel & Haenszel do; its limits join Newcombe's intervals of the strata (Yan & Su
    2010), and the test decides whether they hold 0.
    """
    x, n = _counts(comparison)
    used = (n > 0).all(axis=1)
    if not used.any():
        return None, "row"
    x, n = x[used], n[used]
    share = n.prod(axis=1) / n.sum(axis=1)
    share = share / share.sum()
    rates = x / n
    value = float(share @ (rates[:, 1] - rates[:, 0]))
    below, above = _reaches(x, n, share, level)
    p, test = _test(x, n)
    pooled = x.sum(axis=1) / n.sum(axis=1)
    error = sqrt(float((share**2 * pooled * (1 - pooled) * (1 / n).sum(axis=1)).sum()))
    low, high = agreeing(max(-1.0, value - below), min(1.0, value + above), p, level=level)
    return Tested(value, low, high, p, error, test, int(n.sum())), "row"


def _counts(comparison: Comparison) -> tuple[Floats, Floats]:
    cell = comparison.strata * 2 + comparison.arm
    size = 2 * (int(comparison.strata.max()) + 1)
    x = np.bincount(cell, weights=comparison.values, minlength=size).reshape(-1, 2)
    n = np.bincount(cell, minlength=size).reshape(-1, 2)
    return x.astype(np.float64), n.astype(np.float64)


def _reaches(x: Floats, n: Floats, share: Floats, level: float) -> tuple[float, float]:
    below = above = 0.0
    for (x0, x1), (n0, n1), weight in zip(x, n, share, strict=True):
        low1, high1 = limits(int(x1), int(n1), level, "wilson")
        low0, high0 = limits(int(x0), int(n0), level, "wilson")
        p1, p0 = x1 / n1, x0 / n0
        below += weight**2 * ((p1 - low1) ** 2 + (high0 - p0) ** 2)
        above += weight**2 * ((high1 - p1) ** 2 + (p0 - low0) ** 2)
    return sqrt(below), sqrt(above)


def _test(x: Floats, n: Floats) -> tuple[float, str]:
    total, passed = n.sum(axis=1), x.sum(axis=1)
    if total.sum() > _MOST_EXACT:
        expected = n[:, 1] * passed / total
        wider = np.maximum(total - 1, 1)
        variance = n.prod(axis=1) * passed * (total - passed) / (total**2 * wider)
        if variance.sum() == 0:
            return 1.0, "mantel_haenszel"
        z = float((x[:, 1] - expected).sum()) / sqrt(float(variance.sum()))
        return 2 * float(stats.norm.sf(abs(z))), "mantel_haenszel"
    chances, lowest = np.ones(1), 0
    for size, hits, drawn in zip(total, passed, n[:, 1], strict=True):
        least, most = max(0, int(hits + drawn - size)), int(min(hits, drawn))
        one = stats.hypergeom.pmf(np.arange(least, most + 1), int(size), int(hits), int(drawn))
        chances, lowest = np.convolve(chances, one), lowest + least
    observed = chances[round(float(x[:, 1].sum())) - lowest]
    p = float(chances[chances <= observed * _TIE].sum())
    return min(1.0, p), "fisher_stratified"
