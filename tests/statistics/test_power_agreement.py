"""Sample sizes and agreement against published figures."""

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from peerpact.statistics import (
    cohen_kappa,
    detectable,
    difference,
    equivalence_margin,
    krippendorff_alpha,
    power_for_difference,
    precision,
    rate,
    runs_for_difference,
    runs_for_equivalence,
    runs_for_precision,
    wordings_error,
)


@pytest.mark.parametrize(
    ("p1", "p0", "n"),
    [(0.1, 0.0, 74), (0.2, 0.0, 35), (0.15, 0.05, 141), (0.31, 0.02, 25), (0.6, 0.5, 388)],
)
def test_runs_to_detect_a_difference_are_the_published_ones(p1, p0, n):
    assert runs_for_difference(p1, p0) == n
    assert runs_for_difference(p0, p1) == n
    assert power_for_difference(p1, p0, n) >= 0.8 > power_for_difference(p1, p0, n - 1)
    assert detectable(p0, n) <= p1
    assert power_for_difference(detectable(p0, n), p0, n) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("p", "margin", "n"), [(0.05, 0.1, 82), (0.2, 0.1, 275), (0.5, 0.1, 429), (0.01, 0.05, 68)]
)
def test_runs_to_show_equivalence_are_the_published_ones(p, margin, n):
    assert runs_for_equivalence(p, margin) == n
    assert equivalence_margin(p, n) <= margin < equivalence_margin(p, n - 1)


@pytest.mark.slow
def test_the_planned_power_is_about_that_of_the_test_used():
    rng = np.random.default_rng(1)
    draws = zip(rng.binomial(141, 0.15, 1_500), rng.binomial(141, 0.05, 1_500), strict=True)
    found = np.mean([difference(int(a), 141, int(b), 141).p <= 0.05 for a, b in draws])
    assert found == pytest.approx(0.8, abs=0.05)


def test_some_differences_cannot_be_detected():
    assert detectable(0.5, 3) is None
    assert detectable(1.0, 100) is None
    assert power_for_difference(1.0, 0.0, 5) == 1.0
    assert power_for_difference(0.0, 0.0, 5) == 0.0


@pytest.mark.parametrize("half_width", [0.05, 0.0975, 0.2])
@pytest.mark.parametrize("p", [0.0, 0.5])
def test_runs_for_a_precision_are_the_fewest(half_width, p):
    n = runs_for_precision(half_width, rate_=p)
    assert precision(p, n) <= half_width < precision(p, n - 1)


def test_precision_is_half_the_interval():
    assert precision(0.3, 100) == rate(30, 100).width / 2


@pytest.mark.parametrize(
    ("spread", "row"),
    [
        (0.05, [7.1, 5.2, 5.5, 5.2, 5.1, 5.0]),
        (0.10, [11.2, 10.1, 6.7, 5.9, 5.5, 5.2]),
        (0.15, [15.8, 15.1, 8.4, 6.9, 6.0, 5.4]),
        (0.20, [20.6, 20.1, 10.2, 8.1, 6.7, 5.7]),
    ],
)
def test_wordings_against_repeats_is_the_published_table(spread, row):
    plans = [(1, 100), (1, 1_200), (5, 20), (10, 10), (20, 5), (50, 2)]
    assert [round(100 * wordings_error(0.5, spread, *plan), 1) for plan in plans] == row


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: runs_for_difference(0.2, 0.2), "equal rates"),
        (lambda: runs_for_difference(1.2, 0.2), "between 0 and 1"),
        (lambda: runs_for_precision(0.0), "strictly between"),
        (lambda: wordings_error(0.5, 0.1, 0, 5), "at least 1"),
    ],
)
def test_impossible_plans_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Krippendorff 2011, section C: four observers, twelve units, with gaps
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


@pytest.mark.parametrize(
    ("measurement", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_that_of_krippendorffs_example(measurement, alpha):
    found = krippendorff_alpha(OBSERVERS, measurement=measurement, rng=np.random.default_rng(1))
    assert found.value == pytest.approx(alpha, abs=5e-4)
    assert found.low < found.value < found.high
    assert found.n == 11


def test_judges_at_random_agree_by_chance():
    rng = np.random.default_rng(2)
    ratings = rng.integers(0, 2, (3, 400)).tolist()
    assert krippendorff_alpha(ratings, rng=rng, resamples=300).covers(0.0)


def test_kappa_is_cohens():
    one = [1] * 25 + [0] * 25
    other = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    found = cohen_kappa(one, other, rng=np.random.default_rng(3))
    assert found.value == pytest.approx(0.4)
    expected = cohens_kappa([[15, 10], [5, 20]])
    assert found.low == pytest.approx(expected.kappa_low, abs=0.05)
    assert found.high == pytest.approx(expected.kappa_upp, abs=0.05)


def test_agreement_without_variation_has_no_value_and_says_why():
    rng = np.random.default_rng(4)
    assert krippendorff_alpha([[1, 1], [1, 1]], rng=rng).reason == "all ratings are the same"
    assert krippendorff_alpha([[1, None], [None, 1]], rng=rng).reason == "no unit with two ratings"
    assert cohen_kappa([1, 1], [1, 1], rng=rng).reason == "all ratings are the same"
    assert cohen_kappa([], [], rng=rng).reason == "no unit"


def test_few_units_have_no_interval():
    rng = np.random.default_rng(5)
    found = krippendorff_alpha([[1, 2], [1, 2]], rng=rng)
    assert (found.value, found.low, found.high) == (1.0, -1.0, 1.0)
    assert "at least" in found.reason


def test_full_agreement_is_said_to_show_no_sampling_error():
    found = cohen_kappa([0, 1] * 10, [0, 1] * 10, rng=np.random.default_rng(6))
    assert found.value == 1.0
    assert "no sampling error" in found.reason


def test_resamples_without_variation_are_left_out():
    found = cohen_kappa(
        [1, 0, 0, 0, 0], [1, 0, 0, 0, 0], rng=np.random.default_rng(7), resamples=200
    )
    assert found.value == 1.0
    assert not np.isnan([found.low, found.high]).any()


def test_unequal_judges_and_unknown_measurements_are_refused():
    rng = np.random.default_rng(8)
    with pytest.raises(ValueError, match="equal lengths"):
        cohen_kappa([1], [1, 2], rng=rng)
    with pytest.raises(ValueError, match="allowed: nominal, ordinal, interval"):
        krippendorff_alpha([[1], [2]], measurement="ratio", rng=rng)
