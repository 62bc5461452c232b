"""Corrections against textbook values and by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from peerpact.statistics import average_e, benjamini_hochberg, e_benjamini_hochberg, holm

ANSWERS = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_holm_is_that_of_statsmodels(seed):
    p_values = np.random.default_rng(seed).random(40) ** 3
    wanted = multipletests(p_values, method="holm")[1]
    assert holm(p_values.tolist()).adjusted == pytest.approx(wanted.tolist())


def test_holm_multiplies_by_the_questions_left():
    found = holm([0.01, 0.04, 0.03])
    assert found.adjusted == pytest.approx((0.03, 0.06, 0.06))
    assert found.rejected == (True, False, False)


def test_benjamini_hochberg_answers_its_papers_example():
    # Benjamini & Hochberg 1995, section 2.2: four of fifteen are rejected
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert sum(benjamini_hochberg(p).rejected) == 4
    assert sum(holm(p).rejected) == 3


@settings(max_examples=15)
@given(ANSWERS)
def test_untested_questions_stay_where_they_stood(answers):
    for correct in (holm, benjamini_hochberg):
        found = correct(answers)
        assert [a is None for a in found.adjusted] == [a is None for a in answers]
        assert [r is None for r in found.rejected] == [a is None for a in answers]
        assert found.tested + found.untested == len(answers)


@settings(max_examples=15)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_correction_never_lowers_a_p_value(answers):
    for correct in (holm, benjamini_hochberg):
        pairs = zip(correct(answers).adjusted, answers, strict=True)
        assert all(adjusted >= p - 1e-12 for adjusted, p in pairs)


def test_e_values_are_rejected_from_the_largest_down():
    found = e_benjamini_hochberg([100.0, 0.0, 50.0, None, 1.0])
    assert found.rejected == (True, False, True, None, False)
    assert found.adjusted[:3] == pytest.approx((0.04, 1.0, 0.04))


def test_e_values_keep_the_share_of_false_discoveries():
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(400):
        x = rng.normal(np.r_[np.zeros(40), np.full(10, 4.0)], 1) + rng.normal() * 0.5
        rejected = np.array(
            e_benjamini_hochberg(np.exp(2 * x - 2 * 1.25).tolist(), alpha=0.1).rejected
        )
        shares.append(rejected[:40].sum() / max(1, rejected.sum()))
    assert np.mean(shares) <= 0.1


@pytest.mark.parametrize(
    ("correct", "values", "message"),
    [
        (holm, [0.2, float("nan")], "None, not NaN"),
        (holm, [1.2], "between 0 and 1"),
        (e_benjamini_hochberg, [-1.0], "at least 0"),
    ],
)
def test_impossible_values_are_refused(correct, values, message):
    with pytest.raises(ValueError, match=message):
        correct(values)


def test_e_values_are_combined_by_their_mean():
    assert average_e([4.0, 0.0]) == 2.0
    with pytest.raises(ValueError, match="at least one"):
        average_e([])
