"""Weighted sums of rates and means, against statsmodels, SciPy, brute force and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.proportion import test_proportions_2indep as two_proportions

from peerpact.statistics import (
    anytime_combination,
    anytime_difference,
    combined_means,
    combined_rates,
    difference,
)

SQUARE = (1.0, -1.0, -1.0, 1.0)
PAIRS = [(18, 30, 4, 30), (0, 30, 0, 25), (25, 25, 3, 40), (0, 12, 12, 12), (7, 19, 7, 19)]


@pytest.mark.parametrize(("x1", "n1", "x0", "n0"), PAIRS)
def test_two_arms_give_newcombes_interval_and_the_score_test(x1, n1, x0, n0):
    found = combined_rates((1, -1), (x1, x0), (n1, n0))
    newcombe = difference(x1, n1, x0, n0)
    assert found.value == pytest.approx(newcombe.value)
    assert (found.low, found.high) == pytest.approx((newcombe.low, newcombe.high))
    if x1 / n1 != x0 / n0:
        with np.errstate(divide="ignore", invalid="ignore"):  # it also forms ratios
            score = two_proportions(x1, n1, x0, n0, method="score", correction=False)
        assert found.p == pytest.approx(float(score.pvalue), abs=1e-7)
    else:
        assert found.p == 1.0


@pytest.mark.parametrize(
    ("x", "n"),
    [
        ((27, 2, 20, 3), (30, 30, 30, 30)),
        ((30, 0, 0, 0), (30, 30, 30, 30)),
        ((9, 4, 12, 1), (12, 25, 40, 10)),
        ((10, 10, 0, 10), (10, 10, 10, 10)),
    ],
)
def test_the_test_takes_its_variance_at_the_likeliest_rates_without_interaction(x, n):
    def unlikely(rates):
        return -sum(stats.binom.logpmf(a, b, p) for a, b, p in zip(x, n, rates, strict=True))

    held = {"type": "eq", "fun": lambda rates: float(np.dot(SQUARE, rates))}
    best = optimize.minimize(
        unlikely, [0.5] * 4, bounds=[(1e-9, 1 - 1e-9)] * 4, constraints=[held],
        options={"ftol": 1e-13, "maxiter": 400},
    ).x  # fmt: skip
    value = float(np.dot(SQUARE, np.divide(x, n)))
    spread = np.sqrt(np.sum(best * (1 - best) / n))
    found = combined_rates(SQUARE, x, n)
    assert found.value == pytest.approx(value)
    assert stats.norm.isf(found.p / 2) == pytest.approx(abs(value) / spread, rel=2e-3)


def test_the_interval_of_a_square_adds_the_squares_of_four_wilson_spans():
    # Wilson limits of 15/30, 5/30, 10/30 and 5/30 to six digits, from statsmodels proportion_confint.
    half, sixth, third = (0.331525, 0.668475), (0.073364, 0.335643), (0.192307, 0.512196)
    low = 1 / 6 - np.sqrt(
        (0.5 - half[0]) ** 2
        + (sixth[1] - 1 / 6) ** 2
        + (third[1] - 1 / 3) ** 2
        + (1 / 6 - sixth[0]) ** 2
    )
    found = combined_rates(SQUARE, (15, 5, 10, 5), (30, 30, 30, 30))
    assert found.value == pytest.approx(1 / 6)
    assert found.low == pytest.approx(low, abs=2e-5)


def test_all_alike_at_the_edge_is_no_difference_and_no_nan():
    found = combined_rates(SQUARE, (0, 0, 0, 0), (10, 10, 10, 10))
    assert (found.value, found.p) == (0.0, 1.0)
    assert found.low < 0 < found.high
    empty = combined_rates(SQUARE, (1, 0, 0, 0), (10, 10, 0, 10))
    assert (empty.value, empty.p, empty.low, empty.high) == (None, None, -2.0, 2.0)
    assert "no scored run" in empty.reason


def test_an_arm_without_a_weight_is_refused():
    with pytest.raises(ValueError, match="each arm needs a weight"):
        combined_rates((1, -1), (1, 2, 3), (4, 4, 4))


@pytest.mark.slow
@pytest.mark.parametrize(
    "rates", [(0.3, 0.1, 0.3, 0.1), (0.8, 0.05, 0.8, 0.05), (0.9, 0.4, 0.6, 0.1)]
)
def test_with_thirty_runs_an_arm_the_test_holds_its_size_and_the_interval_covers(rates):
    rng = np.random.default_rng(11)
    draws = rng.binomial(30, rates, size=(400, 4))
    found = [combined_rates(SQUARE, x, (30,) * 4) for x in draws]
    false = sum(one.p < 0.05 for one in found)
    covered = sum(one.low <= 0 <= one.high for one in found)
    assert (
        stats.binom.sf(false - 1, 400, 0.06) > 0.001
    )  # asymptotic: a point above its level allowed
    assert stats.binom.cdf(covered, 400, 0.94) > 0.001


def test_two_means_give_welchs_test():
    rng = np.random.default_rng(3)
    one, other = rng.normal(70, 8, 20), rng.normal(64, 2, 11)
    found = combined_means((1, -1), (one, other))
    welch = stats.ttest_ind(one, other, equal_var=False)
    limits = welch.confidence_interval()
    assert found.p == pytest.approx(float(welch.pvalue))
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high))


def test_means_that_cannot_vary_say_so():
    flat = combined_means(SQUARE, [(65.0, 65.0)] * 4)
    assert (flat.value, flat.low, flat.p) == (0.0, None, None)
    assert "do not vary" in flat.reason
    assert "fewer than 2" in combined_means((1, -1), [(1.0,), (2.0, 3.0)]).reason


def test_limits_at_every_look_share_the_error_over_the_arms():
    two = anytime_combination((1, -1), (9, 2), (20, 20))
    assert two == anytime_difference(9, 20, 2, 20)
    four = anytime_combination(SQUARE, (9, 2, 9, 2), (20,) * 4)
    fixed = combined_rates(SQUARE, (9, 2, 9, 2), (20,) * 4)
    assert four.low < fixed.low < 0 < fixed.high < four.high


def test_a_mean_of_rates_has_limits_and_no_test():
    found = combined_rates([0.5, 0.5], [5, 10], [10, 10])
    assert found.value == 0.75
    assert (found.p, found.test) == (None, "none")
    assert 0.5 < found.low < 0.75 < found.high < 1
