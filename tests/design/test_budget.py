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
    assert found.spent <= 50 + 1e-9 < found.spent + 0.05 * len(CELLS)
    assert found.runs == int(50 / (0.05 * len(CELLS)))


@pytest.mark.parametrize("budget", [0, 1, 2_000])
def test_a_budget_decides_all_or_none_of_equal_contrasts(budget):
    found = bought(budget, CELLS, PAIRS, costs())
    assert len(found.decisions) == len(PAIRS)
    assert len(found.undecided) == (0 if budget == 2_000 else len(PAIRS))


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
