import numpy as np
import pytest
import statsmodels.formula.api as smf
from comparing import comparison
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from peerpact.audit.judges.answers import Estimate, Untested
from peerpact.audit.judges.comparison import cell_contrast, compare
from peerpact.audit.judges.exact import stratified_difference
from peerpact.audit.judges.signflip import sign_flip


def factorial(seed: int, n: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = np.repeat([0, 0, 1, 1], n), np.repeat([0, 1, 0, 1], n)
    return np.round(rng.normal(75 + 2 * a + b, 3 + a)), a, b


def test_the_interaction_is_that_of_least_squares_with_hc3_errors() -> None:
    y, a, b = factorial(1)
    tested, unit = cell_contrast(
        comparison(y, 2 * a + b, weights=(1.0, -1.0, -1.0, 1.0)), level=0.95
    )
    fit = smf.ols("y ~ a * b", {"y": y, "a": a, "b": b}).fit(cov_type="HC3")
    assert tested is not None
    assert tested.value == pytest.approx(fit.params["a:b"])
    assert tested.error == pytest.approx(fit.bse["a:b"])
    assert unit == "row"


def test_a_main_effect_is_that_of_least_squares_with_stratum_effects() -> None:
    y, a, b = factorial(2)
    y, a, b = y[3:], a[3:], b[3:]  # unequal cells
    tested, _ = cell_contrast(comparison(y, a, strata=b), level=0.95)
    assert tested is not None
    assert tested.value == pytest.approx(
        smf.ols("y ~ a + b", {"y": y, "a": a, "b": b}).fit().params["a"]
    )


def test_one_stratum_is_close_to_welch() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(1, 1, 30), rng.normal(0, 4, 50)
    tested, _ = cell_contrast(comparison([*other, *one], [0] * 50 + [1] * 30), level=0.95)
    welch = stats.ttest_ind(one, other, equal_var=False)
    assert tested is not None
    assert tested.p == pytest.approx(welch.pvalue, rel=0.15)  # HC3 divides by n - 1 once more


def test_the_sign_flip_is_the_exact_permutation_test_of_scipy() -> None:
    differences = np.array([1.5, -0.5, 2.0, 3.0, 0.25, -1.0, 4.0, 2.5])
    exact = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip(differences, level=0.95).p == pytest.approx(exact.pvalue)


@given(st.lists(st.integers(-20, 20), min_size=6, max_size=12), st.integers(-30, 30))
@settings(max_examples=30)
def test_the_limits_move_with_the_differences_and_hold_the_mean(
    found: list[int], shift: int
) -> None:
    differences = np.array(found, dtype=np.float64)
    one, other = sign_flip(differences, level=0.95), sign_flip(differences + shift, level=0.95)
    assert one.low <= one.value <= one.high
    assert other.low - shift == pytest.approx(one.low, abs=1e-4)
    assert other.high - shift == pytest.approx(one.high, abs=1e-4)


@pytest.mark.parametrize("n", [8, 40, 600])
def test_the_limits_exclude_zero_exactly_when_the_test_rejects(n: int) -> None:
    rng = np.random.default_rng(n)
    for k in range(40):
        tested = sign_flip(np.round(rng.normal(k / 20 * 2 / np.sqrt(n), 1, n), 1), level=0.95)
        if n > 400 or abs(tested.p - 0.05) > 0.01:
            assert (tested.p < 0.05) == (tested.low > 0 or tested.high < 0)


def test_items_scored_in_both_arms_are_compared_with_themselves() -> None:
    rng = np.random.default_rng(4)
    quality = rng.normal(70, 10, 20)
    values = np.concatenate([quality, quality + 1 + rng.normal(0, 0.5, 20)])
    found = compare(
        comparison(values, [0] * 20 + [1] * 20, items=[*range(20), *range(20)]), level=0.95
    )
    assert isinstance(found, Estimate)
    assert found.test.startswith("sign_flip")
    assert found.unit == "item"
    assert found.p is not None
    assert found.p < 0.001


def test_repeated_scores_of_an_item_are_one_observation() -> None:
    arm = np.repeat([0, 1], 50)
    items = np.repeat(np.arange(10), 10)  # five items in each arm, none in both
    values = np.repeat([70.0, 72, 71, 73, 74, 75, 71, 76, 73, 74], 10)
    found = compare(comparison(values, arm, items=items), level=0.95)
    assert isinstance(found, Estimate)
    assert (found.unit, found.n) == ("item", 10)


@pytest.mark.parametrize(
    ("values", "arm", "reason"),
    [
        ([1.0, 2.0], [0, 0], "empty_arm"),
        ([5.0, 5.0, 5.0, 5.0], [0, 0, 1, 1], "constant"),
        ([1.0, 2.0], [0, 1], "too_few"),
    ],
)
def test_what_cannot_be_compared_says_why(values: list[float], arm: list[int], reason: str) -> None:
    found = compare(comparison(values, arm), level=0.95)
    assert isinstance(found, Untested)
    assert found.reason == reason


def test_arms_that_are_constant_each_still_give_finite_limits() -> None:
    found = compare(comparison([70.0] * 10 + [75.0] * 10, [0] * 10 + [1] * 10), level=0.95)
    assert isinstance(found, Estimate)
    assert found.low < 5.0 < found.high


def test_one_stratum_of_passes_is_fishers_test() -> None:
    values = [1] * 17 + [0] * 12 + [0] * 30
    found, _ = stratified_difference(comparison(values, [1] * 29 + [0] * 30), 0.95)
    assert found is not None
    assert found.p == pytest.approx(stats.fisher_exact([[17, 0], [12, 30]]).pvalue)
    assert found.value == pytest.approx(17 / 29)


def test_many_passes_in_strata_are_mantel_haenszels_test() -> None:
    rng = np.random.default_rng(5)
    strata, arm = rng.integers(0, 3, 8_000), rng.integers(0, 2, 8_000)
    values = (rng.random(8_000) < 0.3 + 0.1 * strata + 0.03 * arm).astype(float)
    tables = [
        [[((strata == s) & (arm == a) & (values == v)).sum() for v in (1, 0)] for a in (1, 0)]
        for s in range(3)
    ]
    found, _ = stratified_difference(comparison(values, arm, strata=strata), 0.95)
    expected = StratifiedTable([np.array(t) for t in tables]).test_null_odds(correction=False)
    assert found is not None
    assert found.test == "mantel_haenszel"
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6)


def test_limits_of_passes_hold_no_effect_exactly_when_the_exact_test_accepts_it() -> None:
    rng = np.random.default_rng(6)
    apart = 0
    for _ in range(300):
        strata, arm = rng.integers(0, 3, 60), rng.integers(0, 2, 60)
        values = (rng.random(60) < 0.3 + 0.1 * strata + 0.27 * arm).astype(float)
        found, _ = stratified_difference(comparison(values, arm, strata=strata), 0.95)
        assert found is not None
        assert found.low <= found.value <= found.high
        assert (found.low < 0 < found.high) <= (found.p > 0.05)
        assert (found.p > 0.05) <= (found.low <= 0 <= found.high)
        apart += found.low == 0 or found.high == 0
    assert apart  # the two methods part at the edge, and the test decides
