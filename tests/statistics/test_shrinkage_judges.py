"""Shrinkage across cells and rates corrected for judge error."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from peerpact.statistics import Calibration, rate, rogan_gladen, shrink


@pytest.mark.slow
@pytest.mark.parametrize(("n", "own", "pulled"), [(25, 6.2, 5.4), (10, 9.8, 7.3)])
def test_shrinking_lowers_the_error_of_small_cells(n, own, pulled):
    rng = np.random.default_rng(1)
    raw, shrunk = [], []
    for _ in range(60):
        centre = rng.choice([-4.0, 0.0, 3.5], p=[0.4, 0.3, 0.3]) + rng.normal()
        rates = expit(centre + 0.7 * rng.standard_normal(11))
        x = rng.binomial(n, rates)
        raw.append((x / n - rates) ** 2)
        shrunk.append((np.array([c.value for c in shrink(x, np.full(11, n)).cells]) - rates) ** 2)
    before, after = 100 * np.sqrt(np.mean(raw)), 100 * np.sqrt(np.mean(shrunk))
    assert after < before * (pulled / own + 0.08)  # the published ratio, on a slightly other truth


@pytest.mark.slow
def test_shrunken_intervals_cover_on_average():
    rng = np.random.default_rng(2)
    held = []
    for _ in range(60):
        rates = rng.beta(2, 6, 12)
        cells = shrink(rng.binomial(15, rates), np.full(12, 15)).cells
        held += [cell.covers(p) for cell, p in zip(cells, rates, strict=True)]
    assert 0.93 <= np.mean(held) <= 0.975


def test_a_strong_group_pulls_and_a_mixed_one_does_not():
    alike = shrink([3, 3, 3, 3, 3, 3, 9], [10] * 7)
    mixed = shrink([0, 10, 0, 10, 0, 10, 9], [10] * 7)
    assert alike.cells[-1].value < 0.75 < mixed.cells[-1].value
    assert alike.concentration > mixed.concentration


def test_a_cell_without_runs_gets_its_groups_rate_and_says_so():
    found = shrink([5, 5, 6, 0], [10, 10, 10, 0])
    assert found.cells[-1].value == pytest.approx(found.mean, abs=1e-4)
    assert "group's rate" in found.cells[-1].reason
    assert found.cells[-1].width > found.cells[0].width


def test_two_cells_have_nothing_to_learn_from():
    found = shrink([1, 2, 0], [10, 10, 0])
    assert found.reason
    assert found.cells[0] == rate(1, 10, method="jeffreys")
    assert found.mean is None


JUDGE = Calibration(45, 50, 48, 50)


def test_the_correction_undoes_known_error_rates():
    found = rogan_gladen(30, 100, JUDGE)
    assert found.corrected.value == pytest.approx((0.30 + 0.96 - 1) / (0.96 + 0.90 - 1))
    assert found.sensitivity.value == 0.9
    assert found.specificity.value == 0.96
    assert not found.refused


def test_a_perfect_judge_leaves_little_to_correct():
    found = rogan_gladen(30, 100, Calibration(5_000, 5_000, 5_000, 5_000)).corrected
    assert found.value == pytest.approx(0.3)
    assert found.width == pytest.approx(rate(30, 100).width, abs=0.01)


def test_the_limits_carry_the_error_of_the_calibration():
    few = rogan_gladen(30, 100, Calibration(18, 20, 19, 20)).corrected
    many = rogan_gladen(30, 100, Calibration(1_800, 2_000, 1_900, 2_000)).corrected
    assert few.width > many.width


@pytest.mark.slow
@pytest.mark.parametrize(
    ("true", "sensitivity", "specificity"),
    [(0.02, 0.9, 0.95), (0.3, 0.8, 0.9), (0.6, 0.75, 0.85), (0.95, 0.9, 0.9)],
)
def test_the_true_rate_is_covered(true, sensitivity, specificity):
    rng = np.random.default_rng(3)
    p = true * sensitivity + (1 - true) * (1 - specificity)
    flagged = rng.binomial(200, p, 600)
    hits, passes = rng.binomial(60, sensitivity, 600), rng.binomial(60, specificity, 600)
    held = [
        rogan_gladen(int(x), 200, Calibration(int(a), 60, int(b), 60)).corrected.covers(true)
        for x, a, b in zip(flagged, hits, passes, strict=True)
    ]
    assert 0.93 <= np.mean(held) <= 1.0


@pytest.mark.parametrize(
    ("n", "calibration", "reason"),
    [
        (100, Calibration(25, 50, 25, 50), "better than chance"),
        (100, Calibration(10, 50, 10, 50), "better than chance"),
        (100, Calibration(3, 4, 3, 4), "better than chance"),
        (100, Calibration(0, 0, 9, 10), "both kinds"),
        (0, JUDGE, "no scored run"),
    ],
)
def test_a_judge_that_tells_nothing_is_refused(n, calibration, reason):
    found = rogan_gladen(n // 3, n, calibration)
    assert found.refused
    assert reason in found.reason
    assert (found.corrected.low, found.corrected.high) == (0.0, 1.0)


def test_estimates_outside_the_range_are_cut_off():
    assert rogan_gladen(0, 100, JUDGE).corrected.value == 0.0
    assert rogan_gladen(100, 100, JUDGE).corrected.value == 1.0


def test_impossible_calibration_is_refused():
    with pytest.raises(ValueError, match="0 <= successes <= n"):
        Calibration(51, 50, 1, 2)


def test_shrinkage_matches_a_known_prior_when_the_group_is_large():
    rng = np.random.default_rng(4)
    x = rng.binomial(10, rng.beta(3, 7, 400))
    cell = shrink(np.r_[x, 6], np.full(401, 10)).cells[-1]
    exact = stats.beta(3 + 6, 7 + 4)
    assert cell.value == pytest.approx(exact.mean(), abs=0.02)
    assert (cell.low, cell.high) == pytest.approx(exact.interval(0.95), abs=0.03)
