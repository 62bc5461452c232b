"""The difference between two rates: independent arms, or the same wordings and items in both.

Interval and test are different methods and may disagree at the edge; the test names itself. ``agreeing``
lets the test decide about 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, tost_proportions_2indep

from peerpact.statistics.boschloo import boschloo
from peerpact.statistics.intervals import check_counts, check_share, choose, limits

__all__ = [
    "EXACT_TEST_RUNS",
    "Difference",
    "Equivalence",
    "PairedDifference",
    "agreeing",
    "difference",
    "equivalence",
    "paired",
    "paired_arrays",
]

EXACT_TEST_RUNS = 1_000
"""Beyond so many runs in both arms the test is Fisher's: exact too, and then hardly weaker."""

Limits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Difference:
    """Rate of arm 1 minus rate of arm 0, with interval, p-value and the name of the test."""

    value: float | None
    low: float
    high: float
    p: float | None
    test: str
    x1: int
    n1: int
    x0: int
    n0: int
    level: float
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Rate of arm 1 minus rate of arm 0 over pairs that share wording and item.

    ``only1`` and ``only0`` are the discordant pairs, on which alone the test rests; ``dropped``
    pairs lacked a score in at least one arm.
    """

    value: float | None
    low: float
    high: float
    p: float | None
    test: str
    pairs: int
    only1: int
    only0: int
    dropped: int
    level: float
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether two rates differ by less than ``margin``; the limits are at level 1 - 2 alpha."""

    value: float | None
    low: float
    high: float
    p: float | None
    margin: float
    alpha: float
    equivalent: bool | None
    n1: int
    n0: int
    reason: str = ""


def _two_samples(method: str) -> Callable[[int, int, int, int, float], Limits]:
    def formula(x1: int, n1: int, x0: int, n0: int, level: float) -> Limits:
        low, high = confint_proportions_2indep(
            x1, n1, x0, n0, method=method, compare="diff", alpha=1 - level
        )
        return max(-1.0, float(low)), min(1.0, float(high))

    return formula


_METHODS: Mapping[str, Callable[[int, int, int, int, float], Limits]] = {
    "newcomb": _two_samples("newcomb"),
    "agresti_caffo": _two_samples("agresti-caffo"),
}


def difference(
    x1: int, n1: int, x0: int, n0: int, *, level: float = 0.95, method: str = "newcomb"
) -> Difference:
    """Contrast two independent arms.

    The interval is Newcombe's hybrid of two Wilson intervals (Newcombe 1998b, method 10) or that
    of Agresti & Caffo (2000), both from statsmodels. The test is Boschloo's, exact without
    conditioning and never weaker than Fisher's; it is Fisher's beyond ``EXACT_TEST_RUNS`` runs.
    With an empty arm the value is None and the limits are -1 and 1.
    """
    (x1, n1), (x0, n0) = check_counts(x1, n1), check_counts(x0, n0)
    formula = choose("interval method", method, _METHODS)
    check_share("level", level)
    if not (n1 and n0):
        empty = " and ".join(
            name for name, n in (("the arm", n1), ("the control arm", n0)) if n == 0
        )
        reason = f"no scored run in {empty}"
        return Difference(None, -1.0, 1.0, None, "none", x1, n1, x0, n0, level, method, reason)
    low, high = formula(x1, n1, x0, n0, level)
    p, test = _two_sample_test(x1, n1, x0, n0)
    return Difference(x1 / n1 - x0 / n0, low, high, p, test, x1, n1, x0, n0, level, method)


def _two_sample_test(x1: int, n1: int, x0: int, n0: int) -> tuple[float, str]:
    if n1 + n0 <= EXACT_TEST_RUNS:
        return boschloo(x1, n1, x0, n0), "boschloo"
    return float(stats.fisher_exact([[x1, x0], [n1 - x1, n0 - x0]]).pvalue), "fisher"


def paired(
    both: int, only1: int, only0: int, neither: int, *, level: float = 0.95, dropped: int = 0
) -> PairedDifference:
    """Contrast two arms that were run on the same wordings and items, from the counts of pairs.

    Interval: Newcombe (1998c), method 10, two Wilson intervals joined with the correlation of the
    pairs. Test: exact McNemar (statsmodels), which looks only at discordant pairs.

    Args:
        both: Pairs in which both arms showed the outcome.
        only1: Pairs in which only arm 1 did.
        only0: Pairs in which only arm 0 did.
        neither: Pairs in which neither did.
        level: Confidence level.
        dropped: Pairs that were left out because an arm had no score; reported, not used.
    """
    pairs = sum(check_counts(count, count)[1] for count in (both, only1, only0, neither))
    check_share("level", level)
    if pairs == 0:
        reason = "no pair with a score in both arms"
        return PairedDifference(
            None, -1.0, 1.0, None, "none", 0, 0, 0, dropped, level, "newcomb_paired", reason
        )
    low, high = _paired_limits(both, only1, only0, neither, level)
    p = float(mcnemar([[both, only1], [only0, neither]], exact=True).pvalue)
    return PairedDifference(
        (only1 - only0) / pairs,
        low,
        high,
        min(1.0, p),
        "mcnemar_exact",
        pairs,
        only1,
        only0,
        dropped,
        level,
        "newcomb_paired",
    )


def _paired_limits(both: int, only1: int, only0: int, neither: int, level: float) -> Limits:
    n = both + only1 + only0 + neither
    p1, p0 = (both + only1) / n, (both + only0) / n
    low1, high1 = limits(both + only1, n, level, "wilson")
    low0, high0 = limits(both + only0, n, level, "wilson")
    phi = _phi(both, only1, only0, neither)
    below = (p1 - low1) ** 2 - 2 * phi * (p1 - low1) * (high0 - p0) + (high0 - p0) ** 2
    above = (high1 - p1) ** 2 - 2 * phi * (high1 - p1) * (p0 - low0) + (p0 - low0) ** 2
    value = (only1 - only0) / n
    return max(-1.0, value - sqrt(max(below, 0.0))), min(1.0, value + sqrt(max(above, 0.0)))


def _phi(both: int, only1: int, only0: int, neither: int) -> float:
    """Return the pairs' correlation, continuity-corrected; 0 where a margin is empty."""
    n = both + only1 + only0 + neither
    margins = (both + only1) * (only0 + neither) * (both + only0) * (only1 + neither)
    if margins == 0:
        return 0.0
    cross = float(both * neither - only1 * only0)
    return (max(cross - n / 2, 0.0) if cross > 0 else cross) / sqrt(margins)


def paired_arrays(
    arm1: Sequence[bool | None], arm0: Sequence[bool | None], *, level: float = 0.95
) -> PairedDifference:
    """Contrast two arms given pair by pair; a pair with a None is dropped and counted."""
    if len(arm1) != len(arm0):
        raise ValueError(
            f"paired arms need equal lengths; found {len(arm1)} and {len(arm0)}; "
            "align them by wording and item"
        )
    scored = [(bool(a), bool(b)) for a, b in zip(arm1, arm0, strict=True) if not _missing(a, b)]
    count = {pair: scored.count(pair) for pair in [(True, True), (True, False), (False, True)]}
    both, only1, only0 = count.values()
    neither = len(scored) - both - only1 - only0
    return paired(both, only1, only0, neither, level=level, dropped=len(arm1) - len(scored))


def _missing(*values: bool | None) -> bool:
    return any(value is None for value in values)


def agreeing(low: float, high: float, p: float, *, level: float = 0.95) -> Limits:
    """Return limits that hold no effect exactly when a test does not reject it.

    Of two methods that part at the edge, the exact test decides about 0: the limits reach to it where the test
    accepts it, which covers no less often, and end at it where the test rejects it.
    """
    if p > 1 - level:
        return min(low, 0.0), max(high, 0.0)
    if low < 0 < high:
        return (0.0, high) if high > -low else (low, 0.0)
    return low, high


def equivalence(
    x1: int, n1: int, x0: int, n0: int, *, margin: float, alpha: float = 0.05
) -> Equivalence:
    """Ask whether two rates are the same within a margin that was fixed before the data were seen.

    Two one-sided score tests (Schuirmann 1987; statsmodels ``tost_proportions_2indep`` with the
    statistic of Miettinen & Nurminen 1985); the limits are Newcombe's at 1 - 2 alpha, for display.
    """
    (x1, n1), (x0, n0) = check_counts(x1, n1), check_counts(x0, n0)
    check_share("margin", margin)
    check_share("alpha", alpha)
    if not (n1 and n0):
        reason = "no scored run in one of the arms"
        return Equivalence(None, -1.0, 1.0, None, margin, alpha, None, n1, n0, reason)
    low, high = _METHODS["newcomb"](x1, n1, x0, n0, 1 - 2 * alpha)
    with np.errstate(divide="ignore", invalid="ignore"):  # it also forms ratios, which are not used
        test = tost_proportions_2indep(x1, n1, x0, n0, -margin, margin, method="score")
    p = float(test.pvalue)
    return Equivalence(x1 / n1 - x0 / n0, low, high, p, margin, alpha, p <= alpha, n1, n0)
