"""Differences, tests and equivalence against outside values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import tost_proportions_2indep

from peerpact.statistics import difference, equivalence, paired, paired_arrays
from peerpact.statistics.boschloo import boschloo
from peerpact.statistics.contrasts import EXACT_TEST_RUNS

PRINTED = 5e-5  # values printed with four decimals
BOSCHLOO = 1e-6  # scipy's optimiser and our grid

SMALL = st.integers(1, 25).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_published_zero_against_five_has_boschlos_p_and_not_fishers():
    assert difference(5, 30, 0, 30).p == pytest.approx(0.027, abs=5e-4)
    assert stats.fisher_exact([[5, 0], [25, 30]]).pvalue == pytest.approx(0.052, abs=5e-4)
    assert stats.barnard_exact([[5, 0], [25, 30]]).pvalue == pytest.approx(0.022, abs=5e-4)


@pytest.mark.parametrize(
    ("x1", "n1", "x0", "n0"),
    [
        (5, 30, 0, 30),
        (0, 10, 0, 10),
        (7, 12, 15, 90),
        (99, 100, 88, 100),
        (1, 1, 0, 3),
        (60, 100, 50, 100),
    ],
)
def test_boschloo_is_scipys_with_groups_in_the_columns(x1, n1, x0, n0):
    table = np.array([[x1, x0], [n1 - x1, n0 - x0]])
    assert boschloo(x1, n1, x0, n0) == pytest.approx(
        stats.boschloo_exact(table).pvalue, rel=BOSCHLOO
    )


@pytest.mark.slow
@given(SMALL, SMALL)
def test_boschloo_is_symmetric_and_a_probability(one, other):
    p = boschloo(*one, *other)
    assert 0 <= p <= 1
    assert p == pytest.approx(boschloo(*other, *one), rel=BOSCHLOO)
    (x1, n1), (x0, n0) = one, other
    assert p == pytest.approx(boschloo(n1 - x1, n1, n0 - x0, n0), rel=1e-4)


def test_boschloo_keeps_its_size_at_every_common_rate():
    n = 20
    p = np.array([[boschloo(x1, n, x0, n) for x0 in range(n + 1)] for x1 in range(n + 1)])
    for true in np.linspace(0.01, 0.99, 60):
        pmf = stats.binom.pmf(np.arange(n + 1), n, true)
        assert pmf @ (p <= 0.05) @ pmf <= 0.05


def test_large_arms_are_tested_by_fisher():
    found = difference(30, EXACT_TEST_RUNS, 10, 50)
    assert found.test == "fisher"
    assert found.p == pytest.approx(stats.fisher_exact([[30, 10], [970, 40]]).pvalue)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [  # Newcombe 1998b, table II, method 10
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 20), 0.6791, 1.0),
    ],
)
def test_newcombe_limits_are_those_of_his_table(counts, low, high):
    found = difference(*counts)
    assert (found.low, found.high) == pytest.approx((low, high), abs=PRINTED)


def test_agresti_caffo_limits_follow_from_one_more_run_of_each_kind():
    p1, p0 = 6 / 32, 1 / 32
    reach = stats.norm.ppf(0.975) * math.sqrt(p1 * (1 - p1) / 32 + p0 * (1 - p0) / 32)
    found = difference(5, 30, 0, 30, method="agresti_caffo")
    assert (found.low, found.high) == pytest.approx((p1 - p0 - reach, p1 - p0 + reach))


@pytest.mark.parametrize("counts", [(0, 0, 3, 9), (3, 9, 0, 0), (0, 0, 0, 0)])
def test_an_empty_arm_gives_no_contrast_and_says_which(counts):
    found = difference(*counts)
    assert (found.value, found.p, found.low, found.high) == (None, None, -1.0, 1.0)
    assert "arm" in found.reason


@pytest.mark.slow
@given(SMALL, SMALL, st.sampled_from(["newcomb", "agresti_caffo"]))
def test_limits_of_a_difference_hold_numbers_in_range(one, other, method):
    found = difference(*one, *other, method=method)
    assert -1 <= found.low <= found.high <= 1
    assert found.low - 1e-9 <= found.value <= found.high + 1e-9 or method == "agresti_caffo"


def test_unknown_method_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="allowed: newcomb, agresti_caffo"):
        difference(1, 2, 1, 2, method="wald")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["newcomb", "agresti_caffo"])
@pytest.mark.parametrize("n", [10, 30])
def test_differences_are_covered_94_to_97_percent_on_average(n, method):
    counts = range(n + 1)
    contrasts = [[difference(x1, n, x0, n, method=method) for x0 in counts] for x1 in counts]
    low = np.array([[one.low for one in row] for row in contrasts])
    high = np.array([[one.high for one in row] for row in contrasts])
    grid = np.linspace(0.02, 0.98, 13)
    pmf = stats.binom.pmf(np.arange(n + 1)[None, :], n, grid[:, None])
    held = [
        pmf[i] @ ((low <= p1 - p0) & (p1 - p0 <= high)) @ pmf[j]
        for i, p1 in enumerate(grid)
        for j, p0 in enumerate(grid)
    ]
    assert 0.94 <= np.mean(held) <= 0.97


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((59, 6, 16, 80), -0.1186, -0.0046),  # Cavo 2012, as in R contingencytables
        ((14, 5, 0, 22), 0.0115, 0.2265),  # Altman et al. 2000, p. 52
    ],
)
def test_paired_limits_are_those_of_published_examples(counts, low, high):
    found = paired(*counts)
    assert (found.low, found.high) == pytest.approx((low, high), abs=PRINTED)


def test_paired_test_is_the_binomial_of_the_discordant_pairs():
    found = paired(59, 6, 16, 80)
    assert found.p == pytest.approx(stats.binomtest(6, 22).pvalue)
    assert found.value == pytest.approx(-10 / 161)


def test_paired_without_discordant_pairs_finds_nothing():
    found = paired(0, 0, 0, 5)
    assert (found.value, found.p) == (0.0, 1.0)
    assert found.low < 0 < found.high


def test_paired_without_pairs_says_so():
    found = paired(0, 0, 0, 0)
    assert (found.value, found.p, found.low, found.high) == (None, None, -1.0, 1.0)
    assert found.reason


def test_paired_arrays_drop_pairs_without_a_score_and_count_them():
    found = paired_arrays([True, True, False, None, True], [True, False, None, None, False])
    assert (found.pairs, found.only1, found.only0, found.dropped) == (3, 2, 0, 2)


def test_paired_arrays_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="equal lengths"):
        paired_arrays([True], [True, False])


def test_paired_differences_are_covered_in_simulation():
    rng = np.random.default_rng(11)
    cells = rng.multinomial(40, [0.2, 0.25, 0.1, 0.45], size=2_000)
    held = np.mean([p.low <= 0.15 <= p.high for p in (paired(*map(int, c)) for c in cells)])
    assert 0.94 <= held <= 0.975


@pytest.mark.parametrize(("x1", "x0", "margin"), [(5, 5, 0.1), (12, 3, 0.1), (50, 48, 0.15)])
def test_equivalence_is_statsmodels_two_score_tests(x1, x0, margin):
    expected = tost_proportions_2indep(x1, 100, x0, 100, -margin, margin, method="score").pvalue
    found = equivalence(x1, 100, x0, 100, margin=margin)
    assert found.p == pytest.approx(expected)
    assert found.equivalent == (expected <= 0.05)


@pytest.mark.parametrize(
    "counts", [(0, 10, 0, 10), (10, 10, 10, 10), (0, 1, 1, 1), (0, 1, 0, 1), (3, 3, 0, 3)]
)
def test_equivalence_at_the_edges_is_a_number(counts):
    found = equivalence(*counts, margin=0.2)
    assert 0 <= found.p <= 1


def test_equivalence_of_an_empty_arm_is_unanswered():
    found = equivalence(0, 0, 1, 5, margin=0.1)
    assert (found.equivalent, found.p, found.value) == (None, None, None)
    assert found.reason


@pytest.mark.slow
def test_equivalence_errs_at_most_at_its_level_on_the_margin():
    rng = np.random.default_rng(3)
    pairs = zip(rng.binomial(200, 0.3, 1_500), rng.binomial(200, 0.2, 1_500), strict=True)
    claimed = np.mean(
        [equivalence(int(a), 200, int(b), 200, margin=0.1).equivalent for a, b in pairs]
    )
    assert claimed <= 0.065  # 0.05 and three standard errors of 1,500 draws
