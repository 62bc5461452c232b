"""Two crossed factors: the published means and effects of real scores, and the limits of what can be said."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from peerpact.statistics import factorial

SCORES = Path(__file__).parents[3] / "shared" / "data" / "critic_scores_2x2.csv"
HAIKU, GEMINI = "anthropic/claude-haiku-4.5", "gemini/gemini-3.5-flash"
MEANS = {
    (HAIKU, "80"): (79.97, 79.84, 74.85, 75.87),
    (HAIKU, "90"): (80.50, 80.68, 74.85, 75.87),
    (GEMINI, "80"): (80.45, 77.16, 76.58, 74.94),
    (GEMINI, "90"): (87.43, 79.62, 76.58, 74.94),
}
"""Threat and relationship, threat, relationship, neither."""
EFFECTS = {
    (HAIKU, "80"): (4.55, -0.45, 1.15),
    (HAIKU, "90"): (5.23, -0.60, 0.84),
    (GEMINI, "80"): (3.05, 2.50, 1.64),
    (GEMINI, "90"): (7.71, 4.73, 6.16),
}
P_VALUES = {(HAIKU, "80"): (0.60, 0.44), (GEMINI, "80"): (4e-4, 0.19), (GEMINI, "90"): (None, 1e-4)}
"""Of relationship and interaction, where they were published."""


def read(judge, bar):
    """Return scores, threat and relationship; the arms without a threat had no bar and serve both."""
    with SCORES.open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["judge_model"] == judge]
    kept = [r for r in rows if r["shutdown_clause"] == "0" or r["threshold"].startswith(bar)]
    score = [float(r["score"]) for r in kept]
    threat, past = (
        [r[name] == "1" for r in kept] for name in ("shutdown_clause", "relationship_doc")
    )
    return score, threat, past


@pytest.mark.skipif(not SCORES.exists(), reason="the published scores are not here")
@pytest.mark.parametrize(("judge", "bar"), MEANS)
def test_real_scores_give_the_published_means_and_effects(judge, bar):
    found = factorial(*read(judge, bar))
    means = [cell.mean for cell in found.cells]
    effects = [found.first.value, found.second.value, found.interaction.value]
    assert means == pytest.approx(MEANS[judge, bar], abs=0.0051)
    assert effects == pytest.approx(EFFECTS[judge, bar], abs=0.0051)
    for effect, p in zip(
        (found.second, found.interaction), P_VALUES.get((judge, bar), ()), strict=False
    ):
        assert p is None or effect.p == pytest.approx(p, rel=0.35, abs=0.006)


@pytest.mark.skipif(not SCORES.exists(), reason="the published scores are not here")
def test_the_file_holds_358_scores():
    assert sum(1 for _ in csv.DictReader(SCORES.open(encoding="utf-8"))) == 358


def test_one_factor_agrees_with_welch_when_arms_are_large():
    rng = np.random.default_rng(3)
    y, on = (
        np.concatenate([rng.normal(1, 1, 400), rng.normal(0, 3, 400)]),
        np.repeat([True, False], 400),
    )
    found = factorial(y, on, np.tile([True, False], 400)).first
    welch = stats.ttest_ind(y[on], y[~on], equal_var=False)
    assert found.value == pytest.approx(float(y[on].mean() - y[~on].mean()))
    assert (found.low, found.high) == pytest.approx(
        tuple(welch.confidence_interval(0.95)), abs=0.01
    )


@pytest.mark.slow
def test_limits_hold_a_known_interaction():
    rng, held = np.random.default_rng(5), 0
    a, b = np.repeat([1, 1, 0, 0], 15).astype(bool), np.repeat([1, 0, 1, 0], 15).astype(bool)
    for _ in range(300):
        y = 70 + 3 * a + 1 * b + 4 * (a & b) + rng.normal(0, 1 + 2 * a)
        found = factorial(y, a, b).interaction
        held += found.low <= 4 <= found.high
    assert 0.92 <= held / 300 <= 0.99


@pytest.mark.parametrize(
    ("scores", "first", "second", "reason"),
    [
        ([], [], [], "fewer than 2"),
        ([1.0], [True], [True], "fewer than 2"),
        ([1.0, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0], "do not vary"),
    ],
)
def test_what_cannot_be_estimated_says_why_and_is_never_a_nan(scores, first, second, reason):
    found = factorial(scores, [bool(x) for x in first], [bool(x) for x in second])
    assert reason in found.first.reason
    assert found.first.p is None


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="1 of the scores not finite"):
        factorial([1.0, float("nan")], [True, False], [True, False])
