"""One rate with its interval, and the worst case when runs could not be scored."""

from __future__ import annotations

from dataclasses import dataclass

from peerpact.statistics.intervals import Interval, check_counts, check_share, limits

__all__ = ["Bounds", "bounds", "rate"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and highest rate that the excluded runs allow, in limits that cover both."""

    lowest: float | None
    highest: float | None
    low: float
    high: float
    level: float
    method: str
    runs: int
    excluded: int
    reason: str = ""


def rate(successes: int, n: int, *, level: float = 0.95, method: str = "wilson") -> Interval:
    """Estimate a rate from counts.

    Args:
        successes: Runs in which the outcome was seen.
        n: Runs that were scored.
        level: Confidence level.
        method: ``wilson``, ``jeffreys``, ``exact`` or ``upper`` (see ``intervals.METHODS``).

    Returns:
        The interval; with no scored run its value is None and its limits are 0 and 1.
    """
    successes, n = check_counts(successes, n)
    low, high = limits(successes, n, check_share("level", level), method)
    if n == 0:
        return Interval(None, low, high, level, method, n, "no scored run")
    return Interval(successes / n, low, high, level, method, n)


def bounds(
    successes: int,
    scored: int,
    runs: int,
    seen: int = 0,
    *,
    level: float = 0.95,
    method: str = "wilson",
) -> Bounds:
    """Bound a rate over all runs, whatever the runs without a score would have shown.

    The limits are the low limit of the lowest rate and the high limit of the highest one: the
    worst-case bounds of Horowitz & Manski (2000) with sampling error at each end. They hold without
    any assumption about why a run has no score.

    Args:
        successes: Scored runs in which the outcome was seen.
        scored: Runs with a score.
        runs: All runs that were started.
        seen: Runs without a score in which the outcome had already been seen; they count as
            successes at both ends.
        level: Confidence level.
        method: Interval method for both ends.
    """
    successes, scored = check_counts(successes, scored)
    excluded = check_counts(scored, runs)[1] - scored
    seen, _ = check_counts(seen, excluded)
    check_share("level", level)
    fewest, most = successes + seen, successes + excluded
    low, high = limits(fewest, runs, level, method)[0], limits(most, runs, level, method)[1]
    if runs == 0:
        return Bounds(None, None, low, high, level, method, 0, 0, "no run")
    return Bounds(fewest / runs, most / runs, low, high, level, method, runs, excluded)
