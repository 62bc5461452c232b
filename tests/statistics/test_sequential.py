"""Confidence sequences: published bounds, validity at every look, and what may be decided from them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from peerpact.statistics import (
    Interval,
    anytime_difference,
    anytime_mean,
    anytime_paired,
    anytime_rate,
    decide,
    e_value,
    rate,
)

PRINTED = 5e-4
COUNTS = st.integers(1, 120).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("n", "high"), [(30, 0.161), (100, 0.057), (300, 0.021)])
def test_what_a_zero_excludes_at_every_look_is_the_published_bound(n, high):
    assert anytime_rate(0, n).high == pytest.approx(high, abs=PRINTED)


@pytest.mark.parametrize(("x", "n", "p"), [(0, 5, 0.3), (3, 10, 0.5), (9, 10, 0.02)])
def test_e_value_is_the_likelihood_ratio_averaged_over_its_prior(x, n, p):
    prior = stats.beta(0.5, 0.5)

    def ratio(angle):  # rate = sin(angle)^2 takes the poles of the prior away
        q = np.sin(angle) ** 2
        return stats.binom.pmf(x, n, q) / stats.binom.pmf(x, n, p) * 2 / np.pi

    assert prior.cdf(1) == 1
    assert e_value(x, n, p) == pytest.approx(integrate.quad(ratio, 0, np.pi / 2)[0], rel=1e-6)


@pytest.mark.parametrize("p", [0.01, 0.3, 0.9])
def test_e_value_is_one_on_average_if_the_rate_is_true(p):
    pmf = stats.binom.pmf(np.arange(21), 20, p)
    assert sum(w * e_value(x, 20, p) for x, w in enumerate(pmf)) == pytest.approx(1)


@given(COUNTS)
def test_anytime_limits_are_wider_than_exact_ones_and_mirror(counts):
    x, n = counts
    found, mirrored = anytime_rate(x, n), anytime_rate(n - x, n)
    exact = rate(x, n, method="exact")
    assert found.low <= exact.low + 1e-12
    assert found.high >= exact.high - 1e-12
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-6)


def test_e_value_at_the_limit_is_one_over_alpha():
    found = anytime_rate(7, 40)
    assert e_value(7, 40, found.low) == pytest.approx(20, rel=1e-6)
    assert e_value(7, 40, found.high) == pytest.approx(20, rel=1e-6)


def test_e_value_of_the_impossible_is_finite():
    assert np.isfinite(e_value(300, 300, 0.0))


def test_no_run_leaves_everything_open():
    assert anytime_rate(0, 0).value is None
    assert anytime_rate(0, 0).reason
    assert anytime_mean([]).value is None
    assert anytime_difference(0, 0, 3, 9).value is None
    assert anytime_difference(0, 0, 3, 9).reason


def test_difference_at_every_look_is_covered():
    rng = np.random.default_rng(4)
    missed = 0
    for _ in range(150):
        x1 = np.cumsum(rng.random(60) < 0.5)
        x0 = np.cumsum(rng.random(60) < 0.2)
        looks = (
            anytime_difference(int(a), n, int(b), n)
            for n, (a, b) in enumerate(zip(x1, x0, strict=True), 1)
        )
        missed += any(not look.covers(0.3) for look in looks)
    assert missed <= 7


@pytest.mark.slow
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.beta(2, 6, n),
        lambda rng, n: (rng.random(n) < 0.25) * 1.0,
        lambda rng, n: np.where(rng.random(n) < 0.5, 0.2, 0.3),
    ],
)
def test_bounded_scores_are_covered_at_every_look(draw):
    rng = np.random.default_rng(6)
    missed = sum(not anytime_mean(draw(rng, 80)).covers(0.25) for _ in range(300))
    assert missed <= 24  # 15 expected at most, and three standard errors


def test_more_scores_never_widen_the_betting_interval():
    scores = np.random.default_rng(7).beta(5, 5, 60)
    looks = [anytime_mean(scores[:n]) for n in range(1, 61)]
    assert all(b.low >= a.low - 1e-12 and b.high <= a.high + 1e-12 for a, b in pairwise(looks))


def test_steady_scores_are_known_better_than_a_coin():
    steady = anytime_mean(np.full(100, 0.5))
    coin = anytime_mean(np.tile([0.0, 1.0], 50))
    assert steady.width < coin.width / 2


def test_the_scale_of_the_scores_does_not_matter():
    scores = np.random.default_rng(8).beta(5, 5, 50)
    unit, percent = anytime_mean(scores), anytime_mean(100 * scores, highest=100.0)
    assert (percent.low, percent.high) == pytest.approx((100 * unit.low, 100 * unit.high))


@pytest.mark.parametrize("scores", [[0.2, 1.2], [-0.1], [float("nan")]])
def test_scores_outside_their_range_are_refused(scores):
    with pytest.raises(ValueError, match="must lie between"):
        anytime_mean(scores)


def test_an_impossible_stream_leaves_the_least_refuted_mean():
    scores = np.concatenate([np.zeros(200), np.ones(200)])  # no mean explains it at every look
    found = anytime_mean(scores)
    assert 0 <= found.low < found.high <= 1


def test_pairs_that_agree_narrow_the_difference():
    rng = np.random.default_rng(9)
    shared = rng.random(100) < 0.5
    treated = shared | (rng.random(100) < 0.3)
    linked = anytime_paired(treated, shared)
    apart = anytime_difference(int(treated.sum()), 100, int(shared.sum()), 100)
    assert linked.width < apart.width
    assert linked.low > 0
    assert linked.value == pytest.approx(apart.value)


def test_unequal_pairs_are_refused():
    with pytest.raises(ValueError, match="equal lengths"):
        anytime_paired([1.0], [1.0, 0.0])


def _limits(low, high):
    return Interval(None, low, high, 0.95, "any", 9)


@pytest.mark.parametrize(
    ("low", "high", "call"),
    [
        (0.01, 0.5, "elevated"),
        (-0.2, 0.09, "not_elevated"),
        (-0.2, 0.2, "undecided"),
        (0.01, 0.09, "elevated"),
        (0.0, 0.1, "undecided"),
    ],
)
def test_a_call_follows_from_the_limits(low, high, call):
    assert decide(_limits(low, high)).call == call


def test_a_rate_is_called_against_its_control():
    assert decide(anytime_rate(10, 10), line=0.02).call == "elevated"
    assert decide(anytime_rate(0, 44), line=0.02).call == "not_elevated"
    assert decide(anytime_rate(0, 20), line=0.02).call == "undecided"
