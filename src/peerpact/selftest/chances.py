"""Do intervals cover, do tests keep their size, do they have the power that was planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import sqrt

import numpy as np
from scipy import stats

from peerpact.design.cells import Cell
from peerpact.report.results import ContrastEstimate, Results
from peerpact.selftest.check import Check
from peerpact.selftest.instrument import Laboratory
from peerpact.selftest.planted import answerable, planted
from peerpact.statistics import (
    anytime_coverage,
    coverage,
    coverage_at,
    difference,
    power_for_difference,
    runs_for_difference,
)

__all__ = ["check_chances", "check_exactly", "exact_power"]

FALSE_ALARM = 1e-3
"""Chance that a sound instrument fails one of these checks by bad luck."""
ALPHA = 0.05
RUNS = 20
RATES = (0.05, 0.2, 0.5, 0.8)
WITHOUT, WITH = 0.1, 0.5
"""Rates of the planted effect."""
POWER = 0.8
OFF_PLAN = 0.06
"""The plan is a normal approximation; so far may the exact power lie from it."""
LEVEL, ROUNDING = 0.95, 1e-9
SIZES = (10, 15, 20, 30, 50, 100, 200, 300)
METHODS = {
    "exact": "exact intervals",
    "anytime": "anytime-valid intervals, one look",
    "wilson": "Wilson intervals",
    "jeffreys": "Jeffreys intervals",
}
NEVER_BELOW = {"exact", "anytime"}
ARMS = ("no_stakes", "standard")


def check_exactly() -> Iterator[Check]:
    """Compute coverage, without simulation: at all rates for sizes from 10 to 300, and over all looks."""
    for method, title in METHODS.items():
        found = [coverage(n, method=method) for n in SIZES]
        worst = min(found, key=lambda one: one.worst)
        means = sorted(one.mean for one in found)
        point = f"worst {worst.worst:.2%} ({worst.n} runs, a rate of {worst.worst_rate:.1%})"
        what = f"{title}, {SIZES[0]} to {SIZES[-1]} runs"
        if method in NEVER_BELOW:
            passed, wanted = worst.worst >= LEVEL - ROUNDING, "never below 95 %"
        else:
            passed, wanted = means[0] >= 0.94 and means[-1] <= 0.97, "mean 94 to 97 %"
            point = f"mean {means[0]:.1%} to {means[-1]:.1%}, {point}"
        yield Check("coverage", what, wanted, point, passed)
    least = min(anytime_coverage(rate, 60) for rate in (0.01, *RATES))
    what = "anytime-valid intervals at every look up to 60 runs"
    yield Check("coverage", what, "never below 95 %", f"worst {least:.2%}", least >= LEVEL)


def check_chances(laboratory: Laboratory, repeats: int) -> Iterator[Check]:
    """Simulate studies of known rates through the whole instrument, each repeated so many times."""
    cells = [c for c in laboratory.cells if c.arm in ARMS and answerable(c)]
    null = _simulated(laboratory, cells, [(rate, rate) for rate in RATES], RUNS, repeats)
    yield _coverage(null)
    yield from _size(null)
    n = runs_for_difference(WITH, WITHOUT, power=POWER, alpha=ALPHA)
    yield from _power(_simulated(laboratory, cells, [(WITHOUT, WITH)], n, repeats), n)


def _simulated(
    laboratory: Laboratory,
    cells: Sequence[Cell],
    rates: Iterable[tuple[float, float]],
    n: int,
    repeats: int,
) -> Results:
    """Return studies whose subjects are called ``RATE-RATE-NUMBER``."""
    made = [
        run
        for without, with_ in rates
        for repeat in range(repeats)
        for name in (f"{without}-{with_}-{repeat}",)
        for run in laboratory.runs(
            name, planted(name, {"none": without, "shutdown": with_}), cells, n
        )
    ]
    return laboratory.results(made)


def _coverage(found: Results) -> Check:
    """Compare how many intervals hold their known rate with the number that theory computes."""
    primary = [e for e in found.cells if e.primary]
    rates = [float(e.subject.split("-")[0]) for e in primary]
    held = sum(e.interval.covers(rate) for e, rate in zip(primary, rates, strict=True))
    known = {rate: float(coverage_at([rate], RUNS)[0]) for rate in set(rates)}
    chance = np.array([known[rate] for rate in rates])
    spread = sqrt(float((chance * (1 - chance)).sum())) or 1.0
    reach = float(stats.norm.isf(FALSE_ALARM / 2)) * spread
    passed = bool(primary) and bool(abs(held - chance.sum()) <= reach)
    low, high = (100 * (chance.sum() + side * reach) / max(1, len(primary)) for side in (-1, 1))
    share = f"{100 * held / max(1, len(primary)):.1f} % of {len(primary)}"
    wanted = f"{low:.1f} to {min(high, 100):.1f} %"
    return Check(
        "coverage", f"Wilson intervals, {RUNS} runs, through the loop", wanted, share, passed
    )


def _size(found: Results) -> Iterator[Check]:
    tested = [c for c in found.contrasts if c.difference is not None]
    false = sum((c.difference.p or 0.0) < ALPHA for c in tested if c.difference)
    yield _at_most("false alarms, one test", false, len(tested))
    families = {c.subject: False for c in tested}
    for c in tested:
        families[c.subject] |= c.verdict in {"higher", "lower"}
    yield _at_most("studies with a false call, corrected", sum(families.values()), len(families))


def _at_most(what: str, false: int, tried: int) -> Check:
    chance = float(stats.binom.sf(false - 1, tried, ALPHA)) if tried else 0.0
    found = f"{100 * false / max(1, tried):.1f} % of {tried}"
    return Check("size", what, f"at most {ALPHA:.0%}", found, chance >= FALSE_ALARM)


def _power(found: Results, n: int) -> Iterator[Check]:
    exact = exact_power(WITH, WITHOUT, n)
    effect = f"{WITHOUT:.0%} against {WITH:.0%}, {n} runs an arm"
    yield Check(
        "power",
        f"{effect}, exactly",
        f"about {power_for_difference(WITH, WITHOUT, n, alpha=ALPHA):.0%}, as planned",
        f"{exact:.1%}",
        abs(exact - POWER) <= OFF_PLAN,
    )
    tested = [c for c in found.contrasts if c.difference is not None]
    hits = sum(_found(c) for c in tested)
    chance = float(stats.binomtest(hits, len(tested), exact).pvalue) if tested else 0.0
    share = f"{100 * hits / max(1, len(tested)):.1f} % of {len(tested)}"
    yield Check(
        "power", f"{effect}, through the loop", f"{exact:.1%}", share, chance >= FALSE_ALARM
    )


def _found(c: ContrastEstimate) -> bool:
    d = c.difference
    return d is not None and d.value is not None and d.value > 0 and (d.p or 0.0) < ALPHA


def exact_power(p1: float, p0: float, n: int) -> float:
    """Return the chance that the test finds p1 above p0 with n runs an arm, summed over all tables."""
    counts = np.arange(n + 1)
    one, other = stats.binom.pmf(counts, n, p1), stats.binom.pmf(counts, n, p0)
    significant = np.array(
        [
            [x1 > x0 and (difference(x1, n, x0, n).p or 0.0) < ALPHA for x0 in counts.tolist()]
            for x1 in counts.tolist()
        ]
    )
    return float(one @ significant @ other)
