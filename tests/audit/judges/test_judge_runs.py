"""What a run, a day or an item is like lifts many scores at once; it is not taken for an effect."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from comparing import comparison
from quickly import quickly
from scipy import stats

from peerpact.audit.judges import Estimate, SequentialState, audit, from_columns
from peerpact.audit.judges.comparison import Comparison, compare
from peerpact.audit.judges.sequential import sequential_differences

Columns = Mapping[str, np.ndarray]
ITEMS = 12
SHOCK = 3.0
"""Standard deviation between runs; that of single scores is 1."""


def given(runs: np.ndarray, rng: np.random.Generator, shock: float = SHOCK) -> np.ndarray:
    shocks = rng.normal(0, shock, int(runs.max()) + 1)
    return np.round(75 + shocks[runs] + rng.normal(0, 1, len(runs)), 1)


def sheets(rng: np.random.Generator) -> Comparison:
    """Each run is one model's sheet under one arm."""
    run, item = (part.ravel() for part in np.indices((16, ITEMS)))
    found = comparison(given(run, rng), run % 2, strata=run // 2, items=item)
    return replace(found, runs=run)


def repeats(rng: np.random.Generator) -> Comparison:
    """Each model has three runs an arm, numbered anew for each."""
    run, item = (part.ravel() for part in np.indices((24, ITEMS)))
    found = comparison(given(run, rng), run % 2, strata=run // 6, items=item)
    return replace(found, runs=run // 2 % 3)


def numbered(rng: np.random.Generator) -> Comparison:
    """Runs of the one model are numbered anew in each arm."""
    run, item = (part.ravel() for part in np.indices((20, ITEMS)))
    return replace(comparison(given(run, rng), run % 2, items=item), runs=run // 2)


def batches(rng: np.random.Generator) -> Comparison:
    """A run holds all models' work under one arm."""
    run, model, item = (part.ravel() for part in np.indices((12, 4, ITEMS)))
    found = comparison(given(run, rng), run % 2, strata=model, items=item)
    return replace(found, runs=run)


def unpaired(rng: np.random.Generator) -> Comparison:
    """Runs of an arm, of work that has no item."""
    found = numbered(rng)
    return replace(found, items=None)


def apart(rng: np.random.Generator) -> Comparison:
    """Each item is in one arm, for four models."""
    item, model = (part.ravel() for part in np.indices((16, 4)))
    return comparison(given(item, rng), item % 2, strata=model, items=item)


LAYOUTS = (sheets, repeats, numbered, batches, unpaired, apart)


def check_level(rejected: int, n: int) -> None:
    assert stats.binomtest(rejected, n, 0.05, alternative="greater").pvalue > 0.001, rejected / n


def estimated(made: Comparison) -> Estimate:
    found = compare(made, level=0.95)
    assert isinstance(found, Estimate)
    return found


@pytest.mark.parametrize("layout", quickly(LAYOUTS, {sheets, apart}))
def test_what_a_run_is_like_is_not_taken_for_an_effect(
    layout: Callable[[np.random.Generator], Comparison],
) -> None:
    found = [estimated(layout(np.random.default_rng(seed))) for seed in range(60)]
    check_level(sum((one.p or 0.0) < 0.05 for one in found), 60)
    check_level(sum(not one.low <= 0 <= one.high for one in found), 60)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_effect_is_found_over_runs(layout: Callable[[np.random.Generator], Comparison]) -> None:
    made = layout(np.random.default_rng(1))
    found = estimated(replace(made, values=made.values + 9 * made.arm))
    assert (found.p or 1.0) < 0.05
    assert found.low < 9 < found.high


def test_runs_that_are_alike_cost_little() -> None:
    widths = []
    for seed in range(20):
        made = sheets(np.random.default_rng(seed))
        made = replace(made, values=np.random.default_rng(seed).normal(75, 1, len(made.values)))
        one, without = estimated(made), estimated(replace(made, runs=None))
        widths.append((one.high - one.low) / (without.high - without.low))
    assert np.mean(widths) < 1.4


def test_too_few_runs_are_said() -> None:
    made = sheets(np.random.default_rng(1))
    assert "few_runs" in estimated(replace(made, runs=made.arm)).caveats
    assert "few_runs" not in estimated(made).caveats


def table(rng: np.random.Generator, **more: np.ndarray) -> Columns:
    run, item = (part.ravel() for part in np.indices((12, ITEMS)))
    judges = np.repeat(["one", "other"], len(run))
    both = np.concatenate([run, run + 12])
    columns = {
        "judge": judges,
        "judged": np.full(len(both), "model"),
        "item": np.tile(item, 2).astype(str),
        "run": both.astype(str),
        "score": given(both, rng),
    }
    return {**columns, **more}


def flagged(columns: Columns, question: str) -> bool:
    found = audit(from_columns(columns, scale=(0, 100)))
    assert found.estimates(question)
    return any(one.question == question for one in found.findings)


@pytest.mark.parametrize("gold", quickly([True, False], {True}))
def test_a_mild_run_is_not_taken_for_leniency(gold: bool) -> None:
    more: dict[str, Any] = {"gold": np.full(24 * ITEMS, 75.0)} if gold else {}
    found = [flagged(table(np.random.default_rng(s), **more), "leniency") for s in range(20)]
    check_level(sum(found), 20)


@pytest.mark.parametrize("stated", quickly([True, False], {False}))
def test_a_mild_day_is_not_taken_for_drift(stated: bool) -> None:
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        day = np.tile(np.repeat(np.arange(12), ITEMS), 2) + rng.uniform(0, 0.1, 24 * ITEMS)
        columns = dict(table(rng, gold=np.full(24 * ITEMS, 75.0), time=day))
        if not stated:
            del columns["run"]
        alarms += flagged(columns, "drift")
    check_level(alarms, 20)


def test_a_lasting_change_is_found_as_drift() -> None:
    rng = np.random.default_rng(3)
    day = np.tile(np.repeat(np.arange(12.0), ITEMS), 2)
    columns = dict(table(rng, gold=np.full(24 * ITEMS, 75.0), time=day))
    columns["score"] = columns["score"] + 2 * day * (columns["judge"] == "one")
    found = audit(from_columns(columns, scale=(0, 100)))
    assert [one.judge for one in found.findings if one.question == "drift"] == ["one"]


@pytest.mark.slow
def test_a_run_that_broke_off_is_not_taken_for_drop_out_under_stakes() -> None:
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        columns = dict(table(rng))
        run = columns["run"].astype(int)
        broken = (rng.random(24) < 0.3)[run]
        columns["score"] = np.where(broken, np.nan, columns["score"])
        alarms += flagged({**columns, "stakes": run % 2}, "drop_out") if broken.any() else 0
    check_level(alarms, 20)


def test_each_run_counts_once_in_a_repeated_audit() -> None:
    made = sheets(np.random.default_rng(1))
    one = sequential_differences(replace(made, strata=np.zeros_like(made.arm)))
    assert len(one) == 7  # the last run of each arm may not be over
    means = made.values.reshape(16, ITEMS).mean(axis=1)
    assert one == pytest.approx((means[1::2] - means[0::2])[:7])


def test_what_was_bet_on_stays_as_it_was_when_rows_are_added() -> None:
    made = sheets(np.random.default_rng(1))
    made = replace(made, strata=np.zeros_like(made.arm))
    assert made.items is not None
    assert made.runs is not None
    whole = sequential_differences(made)
    for n in range(0, len(made.values), 7):
        part = replace(
            made,
            values=made.values[:n],
            arm=made.arm[:n],
            strata=made.strata[:n],
            items=made.items[:n],
            runs=made.runs[:n],
            rows=made.rows[:n],
        )
        seen = sequential_differences(part)
        assert seen == pytest.approx(whole[: len(seen)])


@pytest.mark.slow
@pytest.mark.parametrize("mixed", [False, True])
def test_looking_often_does_not_take_a_run_for_an_effect(mixed: bool) -> None:
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        run, item = (part.ravel() for part in np.indices((40, ITEMS)))
        columns = {
            "judge": np.full(len(run), "one"),
            "item": item,
            "run": run,
            "stakes": run % 2,
            "score": given(run, rng),
            "gold": np.full(len(run), 75.0),
        }
        order = rng.permutation(len(run)) if mixed else np.arange(len(run))
        columns = {name: values[order] for name, values in columns.items()}
        state, seen = SequentialState(0.05, "holm"), False
        for rows in range(4 * ITEMS, len(run) + 1, 2 * ITEMS):
            part = {name: values[:rows] for name, values in columns.items()}
            looked = audit(from_columns(part, scale=(0, 100)), sequential=state)
            state, seen = looked.sequential, seen or bool(looked.findings)
        alarms += seen
    check_level(alarms, 40)


def test_a_caliper_is_as_wide_as_a_step_of_the_scores() -> None:
    rng = np.random.default_rng(4)
    scores = np.clip(np.round(rng.normal(6.5, 2, 1_200)), 1, 10)
    told = np.arange(1_200) % 2
    lifted = (scores == 6) & (told == 1) & (rng.random(1_200) < 0.8)
    bar = np.where(told == 1, 7.0, np.nan)
    columns = {"judge": ["one"] * 1_200, "score": np.where(lifted, 7, scores), "bar": bar}
    found = audit(from_columns(columns, scale=(0, 10)))
    (caliper,) = [e for e in found.estimates("bar_tracking") if e.quantity == "caliper"]
    assert caliper.facts["width"] == 1
    assert caliper.flagged


@pytest.mark.slow
def test_scoring_a_response_again_and_again_does_not_make_a_judge_lenient() -> None:
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        taste, item = rng.normal(0, 3, 30), np.tile(np.arange(30), 10)
        columns = {
            "judge": np.full(300, "one"),
            "item": item,
            "score": 75 + taste[item] + rng.normal(0, 1, 300),
            "gold": np.full(300, 75.0),
        }
        state, seen = SequentialState(0.05, "holm"), False
        for rows in range(30, 301, 30):
            part = {name: values[:rows] for name, values in columns.items()}
            looked = audit(from_columns(part, scale=(0, 100)), sequential=state)
            state, seen = looked.sequential, seen or bool(looked.findings)
        alarms += seen
    check_level(alarms, 40)
