"""What money buys, and what an answer costs."""

from __future__ import annotations

import pytest

from peerpact.design import cells, load_study, pairs
from peerpact.design.budget import bought, for_power, for_precision, stages

STUDY = load_study("first_look")
CELLS = cells(STUDY)
PAIRS = pairs(STUDY, CELLS)


def costs(each=0.05):
    return {cell.id: each for cell in CELLS}


def test_a_budget_is_not_overspent_and_one_more_round_would():
    found = bought(50, CELLS, PAIRS, costs())
    a_round = 0.05 * len(CELLS)
    assert found.even * a_round <= 50 < (found.even + 1) * a_round
    assert found.spent <= 50


@pytest.mark.parametrize(("budget", "decided"), [(0, 0), (5, 0), (50, 6), (2_000, len(PAIRS))])
def test_a_budget_decides_the_first_contrasts_and_says_which_it_cannot(budget, decided):
    found = bought(budget, CELLS, PAIRS, costs())
    names = [pair.id for pair in PAIRS]
    assert [d.contrast for d in found.decided] == names[:decided]
    assert list(found.undecided) == names[decided:]


def test_a_decided_contrast_has_the_runs_for_it_and_the_next_one_would_not_fit():
    found = bought(50, CELLS, PAIRS, costs())
    number, runs = len(found.decided), found.decided[0].runs
    assert runs == for_power(0.8, number)
    assert found.decided[0].detectable <= 0.25 + 1e-3
    more = {c.id for p in PAIRS[: number + 1] for c in (p.source, p.to)}
    gates = {p.scenario for p in PAIRS[: number + 1]}
    assert 0.05 * (len(gates) * 10 + len(more) * for_power(0.8, number + 1)) > 50


def test_without_runs_nothing_is_detectable():
    (first, *_) = bought(0, CELLS, PAIRS, costs()).decisions
    assert (first.half_width, first.detectable, first.decided) == (None, None, False)


def test_money_is_spent_in_order_and_what_is_out_of_reach_is_told():
    names = [stage.name for stage in stages(1e6, CELLS, PAIRS, costs())]
    assert names == ["gate", "bar", "crossed", "screen", "confirm"]
    reached = [stage.affordable for stage in stages(20, CELLS, PAIRS, costs())]
    assert reached == sorted(reached, reverse=True)
    assert reached[0]
    assert not reached[-1]


@pytest.mark.parametrize(("half_width", "runs"), [(0.10, 93), (0.0975, 98)])
def test_precision_is_bought_with_the_runs_of_the_textbook(half_width, runs):
    assert for_precision(half_width) == pytest.approx(runs, abs=3)


def test_power_costs_more_where_the_error_is_shared_by_more_contrasts():
    assert for_power(0.8, 1, 0.10) == pytest.approx(141, abs=2)
    assert for_power(0.8, 20) > for_power(0.8, 1)
