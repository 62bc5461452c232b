"""Rates, intervals, bounds and exact coverage against outside values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from peerpact.statistics import Interval, anytime_coverage, bounds, coverage, coverage_at, rate

EXACT = 1e-9
PRINTED = 5e-4  # values printed with three decimals

COUNTS = st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("x", "n", "method", "high"),
    [
        (0, 30, "upper", 0.095),
        (0, 100, "upper", 0.030),
        (0, 300, "upper", 0.010),
        (0, 30, "wilson", 0.114),
        (0, 100, "wilson", 0.037),
        (0, 300, "wilson", 0.013),
    ],
)
def test_what_a_zero_excludes_is_the_published_bound(x, n, method, high):
    assert rate(x, n, method=method).high == pytest.approx(high, abs=PRINTED)


@pytest.mark.parametrize(("x", "n"), [(0, 10), (3, 30), (15, 30), (30, 30), (99, 100)])
@pytest.mark.parametrize(("method", "scipy_name"), [("wilson", "wilson"), ("exact", "exact")])
def test_two_sided_limits_are_scipys(x, n, method, scipy_name):
    expected = stats.binomtest(x, n).proportion_ci(0.9, method=scipy_name)
    found = rate(x, n, level=0.9, method=method)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=EXACT)


def test_jeffreys_limits_are_beta_quantiles():
    found = rate(3, 30, method="jeffreys")
    assert (found.low, found.high) == pytest.approx(
        stats.beta.ppf([0.025, 0.975], 3.5, 27.5), abs=EXACT
    )


@given(COUNTS, st.sampled_from(["wilson", "jeffreys", "exact", "upper"]))
def test_limits_hold_the_value_and_are_numbers(counts, method):
    found = rate(*counts, method=method)
    limits = [found.low, found.high]
    assert not any(math.isnan(limit) for limit in limits)
    assert 0 <= found.low <= (found.value or 0.0) + 1e-12
    assert (found.value or 0.0) - 1e-12 <= found.high <= 1


@given(COUNTS, st.sampled_from(["wilson", "jeffreys", "exact"]))
def test_swapping_success_and_failure_mirrors_the_interval(counts, method):
    x, n = counts
    one, other = rate(x, n, method=method), rate(n - x, n, method=method)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-8)


def test_no_run_gives_the_whole_range_and_a_reason():
    found = rate(0, 0)
    assert (found.value, found.low, found.high) == (None, 0.0, 1.0)
    assert "no scored run" in found.reason


@pytest.mark.parametrize(
    ("x", "n", "options", "message"),
    [
        (5, 3, {}, "0 <= successes <= n"),
        (-1, 3, {}, "0 <= successes <= n"),
        (1.5, 3, {}, "whole numbers"),
        (1, 3, {"method": "wald"}, "allowed: wilson"),
        (1, 3, {"level": 95}, "strictly between 0 and 1"),
    ],
)
def test_wrong_input_is_named_with_what_is_allowed(x, n, options, message):
    with pytest.raises(ValueError, match=message):
        rate(x, n, **options)


def test_interval_knows_its_width_and_what_it_covers():
    interval = Interval(0.2, 0.1, 0.4, 0.95, "wilson", 10)
    assert interval.width == pytest.approx(0.3)
    assert interval.covers(0.1)
    assert not interval.covers(0.41)


def test_bounds_count_dropouts_as_failures_and_as_successes():
    found = bounds(5, 25, 30)
    assert (found.lowest, found.highest, found.excluded) == (5 / 30, 10 / 30, 5)
    assert (found.low, found.high) == (rate(5, 30).low, rate(10, 30).high)


def test_dropouts_in_which_the_outcome_was_seen_count_at_both_ends():
    found = bounds(5, 25, 30, seen=2)
    assert (found.lowest, found.highest) == (7 / 30, 10 / 30)


def test_bounds_without_dropout_are_the_interval():
    found = bounds(5, 30, 30)
    assert (found.low, found.high) == (rate(5, 30).low, rate(5, 30).high)


def test_bounds_without_runs_say_so():
    assert bounds(0, 0, 0).reason == "no run"
    assert bounds(0, 0, 0).lowest is None


def test_bounds_of_only_dropouts_are_everything():
    found = bounds(0, 0, 10)
    assert (found.lowest, found.highest, found.low, found.high) == (0.0, 1.0, 0.0, 1.0)


def test_more_seen_than_excluded_is_refused():
    with pytest.raises(ValueError, match="0 <= successes <= n"):
        bounds(5, 25, 30, seen=6)


SIZES = [11, 30, 100]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("method", ["exact", "upper", "anytime"])
def test_exact_and_anytime_intervals_never_cover_less_than_their_level(n, method):
    assert coverage(n, method=method).worst >= 0.95 - 1e-9


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("method", ["wilson", "jeffreys"])
def test_approximate_intervals_cover_94_to_97_percent_on_average(n, method):
    found = coverage(n, method=method)
    assert 0.94 <= found.mean <= 0.97
    assert found.worst < 0.95  # the worst point is looked for, and it is below the level
    beside = coverage_at([found.worst_rate], n, method=method)
    assert beside[0] == pytest.approx(found.worst)


def test_coverage_agrees_with_a_simulation():
    rng = np.random.default_rng(5)
    held = np.array([rate(x, 30).covers(0.07) for x in range(31)])[
        rng.binomial(30, 0.07, 20_000)
    ].mean()
    assert coverage_at([0.07], 30)[0] == pytest.approx(held, abs=0.006)


@pytest.mark.slow
@pytest.mark.parametrize("true", [0.02, 0.3, 0.5])
def test_anytime_interval_holds_at_every_look(true):
    assert anytime_coverage(true, 120) >= 0.95


def test_fixed_size_interval_does_not_hold_at_every_look():
    rng = np.random.default_rng(5)
    runs = np.cumsum(rng.random((60, 100)) < 0.3, axis=1)
    held = [
        all(rate(int(x), n).covers(0.3) for n, x in enumerate(row, 1) if n >= 10) for row in runs
    ]
    assert np.mean(held) < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("method", ["exact", "upper", "anytime"])
def test_no_size_from_10_to_300_covers_less_than_its_level(method):
    assert min(coverage(n, method=method, grid=201).worst for n in range(10, 301)) >= 0.95 - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("method", ["wilson", "jeffreys"])
def test_every_size_from_10_to_300_covers_94_to_97_percent_on_average(method):
    means = [coverage(n, method=method).mean for n in range(10, 301)]
    assert min(means) >= 0.94
    assert max(means) <= 0.97
