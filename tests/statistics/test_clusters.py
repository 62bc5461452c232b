"""Clustered rates and the mixed model, against quadrature and simulated coverage."""

import numpy as np
import pytest
from scipy import optimize
from scipy.special import expit, logit

from peerpact.statistics import clustered_difference, clustered_rate, difference, mixed_logit, rate
from peerpact.statistics.clusters import tabulate
from peerpact.statistics.models import laplace


def _rng(seed=0):
    return np.random.default_rng(seed)


def _study(
    rng, wordings, repeats, centre=0.0, spread=0.8, effect=0.0, slope=0.0, items=1, item_spread=0.0
):
    """Runs of two arms over shared wordings and items: outcomes, arms, wordings, items."""
    by_wording = rng.normal(0, spread, wordings)
    by_slope = rng.normal(0, slope, wordings)
    by_item = rng.normal(0, item_spread, items)
    arm, wording, item, _ = (g.ravel() for g in np.indices((2, wordings, items, repeats)))
    logits = (
        centre + by_wording[wording] + by_item[item] + (effect + by_slope[wording]) * (arm - 0.5)
    )
    return rng.random(len(arm)) < expit(logits), arm, wording, item


def test_benchmark_rate_is_wilson_over_the_runs():
    outcomes, _, wordings, _ = _study(_rng(), 10, 5)
    found = clustered_rate(outcomes, wordings, rng=_rng())
    assert found.benchmark == rate(int(outcomes.sum()), len(outcomes))
    assert (found.wordings, found.items, found.runs) == (10, 1, 100)


def test_the_rate_over_wordings_is_less_certain_when_wordings_differ():
    outcomes = [True] * 50 + [False] * 50
    alike = clustered_rate(outcomes, list(range(10)) * 10, rng=_rng())
    apart = clustered_rate(outcomes, [i // 10 for i in range(100)], rng=_rng())
    assert apart.generalised.width > 2 * alike.generalised.width
    assert alike.generalised.width >= alike.benchmark.width


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wordings", "spread", "centre"), [(10, 0.15, 0.5), (20, 0.15, 0.5), (20, 0.1, 0.2)]
)
def test_the_rate_over_wordings_is_covered(wordings, spread, centre):
    rng = _rng(1)
    strength = centre * (1 - centre) / spread**2 - 1
    held = 0
    for _ in range(300):
        rates = rng.beta(centre * strength, (1 - centre) * strength, wordings)
        labels = np.repeat(np.arange(wordings), 5)
        outcomes = rng.random(len(labels)) < rates[labels]
        held += clustered_rate(outcomes, labels, rng=rng, resamples=500).generalised.covers(centre)
    assert 0.92 <= held / 300 <= 0.99  # 0.95 and about three standard errors


def test_items_that_differ_widen_the_interval_too():
    outcomes, _, wordings, items = _study(_rng(3), 10, 4, items=6, item_spread=2.0)
    without = clustered_rate(outcomes, wordings, rng=_rng())
    crossed = clustered_rate(outcomes, wordings, items, rng=_rng())
    assert crossed.generalised.width > without.generalised.width
    assert crossed.items == 6


@pytest.mark.parametrize("value", [True, False])
def test_runs_that_all_agree_count_each_wording_once(value):
    found = clustered_rate([value] * 100, [i % 20 for i in range(100)], rng=_rng()).generalised
    flat = rate(20 * value, 20)
    assert (found.low, found.high) == (flat.low, flat.high)
    assert "agree" in found.reason


def test_one_wording_says_nothing_about_others():
    found = clustered_rate([True, False, True], ["a"] * 3, rng=_rng())
    assert (found.generalised.low, found.generalised.high) == (0.0, 1.0)
    assert found.generalised.reason
    assert found.benchmark.width < 1


def test_no_run_has_no_rate():
    found = clustered_rate([], [], rng=_rng())
    assert found.benchmark.value is None
    assert found.generalised.value is None
    assert found.wordings == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([True], ["a", "b"]), "one wording"),
        (([True], ["a"], None, [2]), "arm, 0 or 1"),
        (([True], ["a"], None, [0, 1]), "arm, 0 or 1"),
        (([2.0], ["a"]), "True or False"),
    ],
)
def test_runs_without_their_labels_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tabulate(*arguments)


def test_shared_wordings_cancel_in_a_difference():
    outcomes, arms, wordings, _ = _study(_rng(4), 20, 10, spread=2.5, effect=1.0)
    shared = clustered_difference(outcomes, arms, wordings, rng=_rng()).generalised
    split = [(int(a), int(w)) for a, w in zip(arms, wordings, strict=True)]
    apart = clustered_difference(outcomes, arms, split, rng=_rng()).generalised
    assert shared.width < apart.width
    assert shared.value == pytest.approx(apart.value)


def test_benchmark_difference_is_the_plain_one():
    outcomes, arms, wordings, _ = _study(_rng(4), 6, 5, effect=1.0)
    x1, x0 = int(outcomes[arms == 1].sum()), int(outcomes[arms == 0].sum())
    assert clustered_difference(outcomes, arms, wordings, rng=_rng()).benchmark == difference(
        x1, 30, x0, 30
    )


def test_a_single_hit_does_not_pass_for_a_precise_difference():
    outcomes, arms = [True] + [False] * 199, [1] * 100 + [0] * 100
    found = clustered_difference(
        outcomes, arms, [i % 20 for i in range(200)], rng=_rng()
    ).generalised
    plain = difference(1, 100, 0, 100)
    assert (found.low, found.high) == (plain.low, plain.high)
    assert "few runs" in found.reason


@pytest.mark.slow
def test_a_difference_without_an_effect_is_covered():
    rng = _rng(5)
    held = 0
    for _ in range(200):
        outcomes, arms, wordings, _ = _study(rng, 15, 4, slope=0.8)
        found = clustered_difference(outcomes, arms, wordings, rng=rng, resamples=400)
        held += found.generalised.covers(0.0)
    assert 0.91 <= held / 200 <= 0.995


def test_arms_that_differ_in_every_wording_alike_count_each_wording_once():
    outcomes, arms = [True] * 20 + [False] * 20, [1] * 20 + [0] * 20
    found = clustered_difference(
        outcomes, arms, [i % 10 for i in range(40)], rng=_rng()
    ).generalised
    flat = difference(10, 10, 0, 10)
    assert (found.value, found.low, found.high) == (1.0, flat.low, flat.high)
    assert "agree" in found.reason


@pytest.mark.parametrize(
    ("outcomes", "arms", "wordings"),
    [([True, False], [1, 1], ["a", "b"]), ([True, False], [1, 0], ["a", "a"])],
)
def test_a_difference_that_cannot_be_had_says_why(outcomes, arms, wordings):
    found = clustered_difference(outcomes, arms, wordings, rng=_rng()).generalised
    assert (found.low, found.high) == (-1.0, 1.0)
    assert found.reason


def _quadrature(successes, n):
    """Exact maximum likelihood of a random-intercept logit: 80-point Gauss-Hermite, one group a row."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)

    def deviance(parameters):
        p = expit(parameters[0] + parameters[1] * nodes)
        joint = p ** successes[:, None] * (1 - p) ** (n - successes)[:, None]
        return -np.log(joint @ weights).sum()

    return optimize.minimize(deviance, [0.0, 0.5], method="Nelder-Mead", options={"xatol": 1e-5}).x


def test_laplace_is_near_the_exact_likelihood():
    rng = _rng(7)
    n = np.full(12, 20.0)
    successes = rng.binomial(20, expit(-0.5 + rng.normal(0, 1, 12))).astype(float)
    fit = laplace(successes, n, np.ones((12, 1)), [np.eye(12)])
    centre, spread = _quadrature(successes, n)
    assert fit.converged
    assert fit.fixed[0] == pytest.approx(centre, abs=0.02)
    assert fit.spreads[0] == pytest.approx(abs(spread), abs=0.03)


def test_laplace_without_spread_is_plain_logistic_regression():
    successes, n = np.full(8, 3.0), np.full(8, 10.0)
    fit = laplace(successes, n, np.ones((8, 1)), [np.eye(8)])
    assert fit.fixed[0] == pytest.approx(logit(0.3), abs=1e-4)
    assert fit.spreads[0] == pytest.approx(0.0, abs=1e-3)
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(1 / np.sqrt(80 * 0.21), rel=1e-3)


@pytest.mark.slow
def test_the_mixed_model_recovers_what_was_planted():
    outcomes, arms, wordings, items = _study(
        _rng(8), 60, 8, -0.5, 1.0, 1.5, 0.5, items=5, item_spread=0.7
    )
    found = mixed_logit(outcomes, arms, wordings, items)
    assert not found.reason
    assert found.log_odds.covers(1.5)
    assert found.spread_wording == pytest.approx(1.0, abs=0.3)
    assert found.spread_effect == pytest.approx(0.5, abs=0.3)
    assert found.spread_item == pytest.approx(0.7, abs=0.5)
    assert found.rate1.value - found.rate0.value == pytest.approx(found.difference.value)


@pytest.mark.slow
def test_the_mixed_models_contrast_is_covered():
    rng = _rng(9)
    held = 0
    for _ in range(60):
        outcomes, arms, wordings, _ = _study(rng, 20, 5, 0.0, 0.8, 1.0, 0.5)
        held += mixed_logit(outcomes, arms, wordings).log_odds.covers(1.0)
    assert held >= 51  # 57 expected, three standard errors


@pytest.mark.parametrize(
    ("outcomes", "arms", "wordings", "reason"),
    [
        ([True, False] * 10, [1] * 20, list(range(20)), "no scored run"),
        ([True, False] * 10, [0, 1, 1, 0] * 5, [0, 1, 1, 0] * 5, "found 2"),
        (
            [i < 8 for i in range(16)] * 10 + [True, False],
            [0, 1] * 81,
            [*list(range(16)) * 10, 0, 15],
            "finite",
        ),
        ([True] * 10 + [False, True] * 5, [1] * 10 + [0] * 10, list(range(10)) * 2, "agree"),
    ],
)
def test_data_that_cannot_carry_the_model_are_refused_with_a_reason(
    outcomes, arms, wordings, reason
):
    found = mixed_logit(outcomes, arms, wordings)
    assert reason in found.reason
    assert found.log_odds.value is None
    assert found.rate1.value is None
