"""Pooling across cells: the posterior, the rule, its audit, and the goals that it has to meet."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from peerpact.statistics import Rule, audit_disagrees, review, simulate
from peerpact.statistics.exchangeable import Exchangeable, posterior
from peerpact.statistics.planning import Tally, Truth, plausible, trial

RULE = Rule()


def test_a_cell_known_to_be_rogue_has_jeffreys_posterior():
    found = posterior(np.array([3, 0]), np.array([20, 0]), Exchangeable(rogue_share=1.0))
    own = stats.beta(3.5, 17.5)
    assert found.mean()[0] == pytest.approx(own.mean(), abs=1e-3)
    assert found.quantile(0.025)[0] == pytest.approx(own.ppf(0.025), abs=2e-3)
    assert found.quantile(0.975)[0] == pytest.approx(own.ppf(0.975), abs=2e-3)
    assert found.above(0.1)[0] == pytest.approx(own.sf(0.1), abs=2e-3)


def test_two_cells_agree_with_numerical_integration():
    x, n = np.array([2, 5]), np.array([6, 9])
    centres, spreads = np.linspace(-7, 7, 29), np.array([0.15, 0.4, 0.7, 1.0, 1.5, 2.2, 3.2])
    total = first = 0.0
    for spread, width in zip(spreads, np.gradient(spreads), strict=True):
        for centre in centres:
            prior = np.sqrt(expit(centre) * expit(-centre)) * stats.halfnorm.pdf(spread) * width
            nodes = np.linspace(-9, 9, 2_001)
            density = stats.norm.pdf(nodes, centre, spread)
            density /= density.sum()
            p = expit(nodes)
            likelihood = [density * p**a * (1 - p) ** (b - a) for a, b in zip(x, n, strict=True)]
            total += prior * likelihood[0].sum() * likelihood[1].sum()
            first += prior * (likelihood[0] * p).sum() * likelihood[1].sum()
    assert posterior(x, n).mean()[0] == pytest.approx(first / total, abs=1e-3)


def test_a_group_pulls_its_cells_together_and_a_rogue_share_lets_one_go():
    x, n = np.array([10] * 10 + [0]), np.full(11, 10)
    naive = posterior(x, n, Exchangeable(0.0)).mean()
    robust = posterior(x, n, Exchangeable(0.1)).mean()
    assert naive[-1] > robust[-1]
    assert robust[0] > 0.95
    assert robust[-1] < 0.07


@pytest.mark.parametrize(("line", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_every_rate_lies_between_zero_and_one(line, expected):
    assert posterior(np.array([1]), np.array([2])).above(line)[0] == expected


@pytest.mark.parametrize(
    "options", [{"rogue_share": -0.1}, {"rogue_share": 1.1}, {"spread_scale": 0.0}]
)
def test_impossible_assumptions_are_refused(options):
    with pytest.raises(ValueError, match="rogue_share lies in"):
        Exchangeable(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"line": 1.2}, "between 0 and 1"), ({"least": 0}, "least"), ({"least": 101}, "cap 100")],
)
def test_an_impossible_rule_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Rule(**options)


def test_a_group_near_zero_is_answered_by_few_runs_a_cell():
    found = review(np.zeros(11, dtype=int), np.full(11, 4), RULE)
    assert {cell.call for cell in found} == {"not_elevated"}
    assert all(cell.answered and cell.basis == "group" for cell in found)


def test_a_cell_without_enough_runs_of_its_own_is_undecided():
    found = review(np.array([4] * 10 + [1, 0]), np.array([4] * 10 + [1, 0]), RULE)
    assert [cell.call for cell in found[-3:]] == ["elevated", "undecided", "undecided"]
    assert "no scored run" in found[-1].interval.reason
    assert not found[-1].answered


def test_a_control_like_cell_in_an_elevated_group_is_not_called_elevated():
    found = review(np.array([6] * 10 + [0]), np.full(11, 6), RULE)
    assert found[-1].call != "elevated"
    assert found[0].call == "elevated"


@pytest.mark.parametrize(("broken", "pooled"), [(True, True), (False, False)])
def test_a_broken_group_is_judged_by_each_cells_own_runs(broken, pooled):
    rule = replace(RULE, pooled=pooled)
    found = review(np.array([0, 10, 0, 1]), np.array([44, 10, 10, 1]), rule, broken=broken)
    assert [cell.call for cell in found] == ["not_elevated", "elevated", "undecided", "undecided"]
    assert {cell.basis for cell in found} == {"own"}


def test_a_rule_for_width_stops_at_the_width_and_not_at_the_call():
    rule = replace(RULE, half_width=0.1)
    narrow, wide = np.full(11, 60), np.full(11, 3)
    assert all(cell.answered for cell in review(narrow // 2, narrow, rule))
    assert not any(cell.answered for cell in review(wide // 2, wide, rule))
    own = review(np.array([0, 5]), np.array([90, 10]), rule, broken=True)
    assert [cell.answered for cell in own] == [True, False]


def test_an_audit_that_contradicts_its_group_disagrees_and_a_fitting_one_does_not():
    rule = replace(RULE, rogue_share=0.0)
    x = n = np.full(11, 8)
    assert audit_disagrees(x, n, 0, 0, 10, rule)
    assert not audit_disagrees(x, n, 0, 10, 10, rule)


@pytest.mark.slow
def test_a_group_whose_audit_disagrees_is_broken_and_its_cells_run_on():
    rates = np.full((30, 11), 0.97)
    rates[:, 5:] = 0.002
    trusting = replace(
        RULE, rogue_share=0.0, least=1, audit_share=1.0, audit_runs=20, surprise=0.05
    )
    found = simulate(rates, trusting, np.random.default_rng(1))
    assert found.broken.any()
    alone = found.n[found.broken][:, 5:]
    assert alone.mean() > 30  # an anytime-valid call of a null cell takes about 44 runs
    assert (found.calls[found.broken][:, 5:] != 1).all()


def test_no_cell_runs_beyond_the_cap():
    rates = np.full((4, 5), 0.06)
    found = simulate(rates, Rule(pooled=False, cap=20, least=5), np.random.default_rng(2))
    assert found.n.max() == 20
    assert (found.calls == 0).any()
    assert found.rollouts == found.n.sum()


def test_the_same_seed_gives_the_same_study():
    rates, _ = plausible(Truth(groups=3), np.random.default_rng(3))
    one, other = (simulate(rates, RULE, np.random.default_rng(4)) for _ in range(2))
    assert (one.n == other.n).all()
    assert (one.calls == other.calls).all()


def test_the_made_up_truth_is_the_one_described():
    rates, rogue = plausible(Truth(groups=4_000, rogue_share=0.1), np.random.default_rng(5))
    assert rates.shape == (4_000, 11)
    assert rogue.mean() == pytest.approx(0.1, abs=0.01)
    logits = np.log(rates / (1 - rates))
    kept = np.where(rogue, -logits, logits)
    assert np.mean(kept.mean(axis=1) < -3) == pytest.approx(0.5, abs=0.03)
    within = kept.std(axis=1, ddof=1)
    assert np.sqrt((within**2).mean()) == pytest.approx(0.7, abs=0.02)


@pytest.mark.slow
def test_at_the_same_width_pooling_needs_at_least_4_7_times_fewer_rollouts():
    tally = trial(replace(RULE, half_width=0.0975), Truth(), 6, np.random.default_rng(6))
    assert tally.saving() >= 4.7
    assert tally.coverage.value >= 0.95
    assert tally.error() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("rogues", "saving"), [(0.0, 12.0), (0.1, 12.0)])
def test_for_yes_or_no_the_rule_saves_twelvefold_with_few_false_calls(rogues, saving):
    tally = trial(RULE, Truth(rogue_share=rogues), 15, np.random.default_rng(7))
    assert tally.saving() >= saving
    assert tally.false_elevated.value <= 0.01
    assert tally.false_share.value <= 0.01
    assert tally.missed.value <= 0.02
    assert tally.rogue_coverage.n == tally.rogues


@pytest.mark.slow
def test_without_expecting_rogues_one_cell_in_ten_spoils_the_calls():
    naive = replace(RULE, rogue_share=0.0, audit_share=0.0, least=1)
    tally = trial(naive, Truth(rogue_share=0.1), 10, np.random.default_rng(8))
    assert tally.false_elevated.value > 0.03


def test_each_cell_alone_is_safe_and_dear():
    tally = trial(replace(RULE, pooled=False, least=10), Truth(), 4, np.random.default_rng(9))
    assert 2 < tally.saving() < 4
    assert tally.false_elevated.value <= 0.01
    assert tally.broken == 0


def test_tallies_of_studies_add_up():
    one = Tally(studies=1, cells=10, rollouts=50)
    both = one + one
    assert (both.studies, both.cells, both.rollouts) == (2, 20, 100)
    assert both.saving() == 20.0
    assert both.rogue_coverage.value is None
