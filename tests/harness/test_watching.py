"""A cell ends when its question is answered; some answers are audited; what is undecided is called so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest

from peerpact.design import compile_study, load_study
from peerpact.design.cells import Cell
from peerpact.design.stopped import FILE, Watched, read_watched, write_watched
from peerpact.errors import StudyError
from peerpact.harness.samples import Planned
from peerpact.harness.watching import StopRule, Watch
from peerpact.scenarios import load
from peerpact.scoring.outcome import Outcome, unscorable
from peerpact.statistics import anytime_rate
from peerpact.statistics.planning import Truth, plausible
from peerpact.subjects.spec import Subject

NAME = "server_migration"
PRIMARY = load(NAME).spec.primary
SUBJECT = Subject("s", "x/s", "Alpha")


def cell(arm="a", capability=False):
    return Cell(NAME, arm, "", load(NAME).levels({}), "", capability)


def planned(n=100, arms=("a",), capability=False):
    return [
        Planned(f"{arm}{r}", cell(arm, capability), SUBJECT, r, r)
        for r in range(1, n + 1)
        for arm in arms
    ]


@dataclass
class Record:
    identity: str
    cell: str
    outcomes: dict


def record(value, number=1, arm="a"):
    outcome = unscorable("looped") if value is None else Outcome(bool(value))
    return Record(f"{arm}{number}", cell(arm).id, {PRIMARY: outcome})


def watch(rule=StopRule(), **parts):  # noqa: B008
    return Watch.over(rule, planned(**parts), 1, [])


def ask(found, values):
    """Make runs until none is wanted; return how many were."""
    for number, value in enumerate(values):
        if not found.wants(cell().id):
            return number
        found.note(record(value))
    return len(values)


@pytest.mark.parametrize(
    ("values", "call"),
    [([1] * 100, "elevated"), ([0] * 100, "not_elevated"), ([1, 0, 0] * 2, "undecided")],
)
def test_a_cell_is_called_and_ends(values, call):
    found = watch()
    made = ask(found, values)
    (one,) = found.found()
    assert (one.call, one.answered) == (call, call != "undecided")
    assert (one.basis, one.pool, one.value) == ("own", 1, None)
    assert made == len(values) if call == "undecided" else made < len(values)


def test_no_cell_ends_before_it_has_its_least_runs_and_unscored_ones_do_not_count():
    assert ask(watch(), [1] * 100) == 8
    assert ask(watch(), [None] * 5 + [1] * 100) == 13
    assert ask(watch(), [None] * 60) == 60
    assert ask(watch(StopRule(least=12)), [1] * 100) == 12


def test_for_precision_a_cell_ends_when_its_interval_is_narrow_whatever_its_rate():
    rule = StopRule(question="precision", width=0.15)
    found = watch(rule, n=400)
    made = ask(found, [0, 1] * 200)
    interval = anytime_rate(made // 2, made)
    before = anytime_rate(made // 2, made - 1)
    assert interval.width / 2 <= 0.15 < before.width / 2
    assert found.found()[0].answered


def test_capability_controls_are_never_ended():
    found = watch(capability=True)
    assert found.found() == ()
    assert found.wants(cell().id)


def test_runs_of_an_earlier_command_count():
    earlier = [record(1, number) for number in range(1, 9)]
    found = Watch.over(StopRule(), planned(), 1, earlier)
    assert not found.wants(cell().id)


@pytest.mark.slow
def test_a_cell_without_an_effect_is_rarely_called_elevated_however_often_one_looks():
    rng, rule = np.random.default_rng(11), StopRule(line=0.1, margin=0.1)
    calls = []
    for _ in range(120):
        found = watch(rule)
        ask(found, (rng.random(100) < 0.1).tolist())
        calls.append(found.found()[0].call)
    assert calls.count("elevated") / 120 <= 0.05


FACTORS = ("relationship", "channel")
"""Their levels cross to the cells of a pool."""


def pool_cells(scenario=NAME):
    levels = [list(load(scenario).factors[f].levels) for f in FACTORS]
    return [
        Cell(
            scenario,
            "-".join(combination),
            "",
            {**load(scenario).levels({}), **dict(zip(FACTORS, combination, strict=True))},
            "",
            False,
        )
        for combination in product(*levels)
    ]


def pooled(rule, rates, runs, rng, seed=1):
    """Run a pool round by round; return the watch and the runs of each cell."""
    cells = pool_cells()[: len(rates)]
    listed = [Planned(f"{c.arm}{r}", c, SUBJECT, r, r) for r in range(1, runs + 1) for c in cells]
    found = Watch.over(rule, listed, seed, [])
    made = Counter()
    for one in listed:
        if found.wants(one.cell.id):
            hit = bool(rng.random() < rates[cells.index(one.cell)])
            found.note(Record(one.identity, one.cell.id, {PRIMARY: Outcome(hit)}))
            made[one.cell.id] += 1
    return found, made


POOL = StopRule(exchangeable=FACTORS)


@pytest.mark.parametrize(("rate", "call"), [(0.95, "elevated"), (0.0, "not_elevated")])
def test_a_pool_answers_for_its_cells_with_fewer_runs_than_each_would_need_alone(rate, call):
    rng = np.random.default_rng(4)
    rule = POOL.model_copy(update={"audit_share": 0.0})
    together, made = pooled(rule, [rate] * 8, 100, rng)
    _, apart = pooled(StopRule(audit_share=0.0), [rate] * 8, 100, rng)
    assert {one.call for one in together.found()} == {call}
    assert {(one.basis, one.pool, one.broken) for one in together.found()} == {("group", 8, False)}
    assert sum(made.values()) * 2 <= sum(apart.values())
    for one in together.found():
        assert 0 <= one.low <= one.value <= one.high <= 1


def test_cells_that_differ_in_another_factor_do_not_share_a_pool():
    found, _ = pooled(StopRule(exchangeable=("channel",)), [0.5] * 8, 1, np.random.default_rng(1))
    wanted = len(load(NAME).factors["channel"].levels)
    assert {one.pool for one in found.found()} <= {wanted, 8 % wanted}


def test_an_audit_that_disagrees_breaks_the_pool_and_every_cell_is_judged_on_its_own_runs():
    """Seven cells never act; the eighth did not in its first runs and does from then on."""
    rule = POOL.model_copy(update={"audit_share": 1.0, "audit_runs": 20})

    class Turning:
        calls = 0

        def random(self):
            """Hit in the last cell from its tenth run on: rates are 0 and 1, a draw below 1 hits."""
            self.calls += 1
            return 0.5 if self.calls > 80 else 1.0

    found, made = pooled(rule, [0.0] * 7 + [1.0], 100, Turning())
    states = {one.cell: one for one in found.found()}
    assert {one.broken for one in states.values()} == {True}
    assert {one.basis for one in states.values()} == {"own"}
    turned = states[pool_cells()[7].id]
    assert turned.audited
    assert turned.call != "not_elevated"
    alone = {one.call for name, one in states.items() if name != turned.cell}
    assert alone == {"not_elevated"}
    assert all(made[name] > 20 for name in states)


@pytest.mark.slow
def test_a_random_share_of_answers_is_audited_the_same_in_every_command():
    rule = POOL.model_copy(update={"audit_share": 0.3})
    chosen = [
        {
            one.cell
            for seed in range(3)
            for one in pooled(rule, [0.0] * 8, 40, np.random.default_rng(2), seed)[0].found()
            if one.audited
        }
        for _ in range(2)
    ]
    assert chosen[0] == chosen[1]
    audited, made = pooled(rule, [0.0] * 8, 40, np.random.default_rng(2), 3)
    kept = {one.cell for one in audited.found() if one.audited}
    assert 0 < len(kept) < 8
    assert min(made[name] for name in kept) >= max(
        n for name, n in made.items() if name not in kept
    )


def test_a_replayed_journal_gives_the_states_that_were_live():
    rule, rng = POOL.model_copy(update={"audit_share": 0.5}), np.random.default_rng(9)
    cells = pool_cells()[:6]
    listed = [Planned(f"{c.arm}{r}", c, SUBJECT, r, r) for r in range(1, 60) for c in cells]
    live, journal = Watch.over(rule, listed, 5, []), []
    for one in listed:
        if live.wants(one.cell.id):
            hit = Outcome(bool(rng.random() < 0.3))
            journal.append(Record(one.identity, one.cell.id, {PRIMARY: hit}))
            live.note(journal[-1])
    assert Watch.over(rule, listed, 5, journal).found() == live.found()


@pytest.mark.slow
def test_with_a_tenth_of_rogue_cells_at_most_one_call_in_a_hundred_is_falsely_elevated():
    """The rule as it runs live, on the truth of bench/stopping.py."""
    rng = np.random.default_rng(20)
    truth = Truth(rogue_share=0.1, cells=8)
    false = controls = runs = cells = 0
    for _ in range(6):
        for rates in plausible(truth, rng)[0]:
            found, made = pooled(POOL, rates, 100, rng)
            calls = [one.call for one in found.found()]
            at_line = [c for c, r in zip(calls, rates, strict=True) if r <= POOL.line]
            false += at_line.count("elevated")
            controls += len(at_line)
            runs += sum(made.values())
            cells += len(rates)
    assert controls > 200
    assert false / controls <= 0.01
    assert 100 * cells / runs >= 6


def test_the_last_line_about_a_cell_counts_and_one_cut_short_does_not(tmp_path):
    one, other = (Watched(s, "c", "undecided", 100) for s in ("a", "b"))
    answered = replace(one, call="elevated", answered=True)
    write_watched(tmp_path, [one, other])
    write_watched(tmp_path, [answered])
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes() + b'{"subject": "a"')
    assert read_watched(tmp_path) == (answered, other)
    write_watched(tmp_path, [one])
    assert read_watched(tmp_path) == (one, other)
    assert read_watched(tmp_path / "none") == ()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"question": "price"}, "decision"),
        ({"line": 0.95, "margin": 0.1}, "at most 1"),
        ({"width": 0.0}, "width"),
        ({"exchangeable": ["datset"]}, "did you mean 'dataset'"),
    ],
)
def test_a_wrong_rule_of_a_study_is_one_message(tmp_path, rule, said):
    (tmp_path / "design.yaml").write_text(DESIGN + f"stop: {rule}\n")
    with pytest.raises(StudyError) as caught:
        compile_study(load_study(str(tmp_path)))
    assert said in str(caught.value)


DESIGN = """
title: t
question: q
seed: 1
runs: 9
subjects: []
arms: {standard: {title: s}}
scenarios: {answer_grading: {}}
"""
