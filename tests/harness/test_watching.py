"""A cell ends when its question is answered; some answers are audited; what is undecided is called so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from peerpact.design.cells import Cell
from peerpact.design.stopped import Watched, read_watched, write_watched
from peerpact.harness.samples import Planned
from peerpact.harness.watching import StopRule, Watch
from peerpact.scenarios import load
from peerpact.scoring.outcome import Outcome, unscorable
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


UNAUDITED = StopRule(audit_share=0.0)


def watch(rule=UNAUDITED, **parts):
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
    assert one.call == call
    assert one.spared == (100 - made if call != "undecided" else 0)


def test_no_cell_ends_before_it_has_its_least_runs_and_unscored_ones_do_not_count():
    assert ask(watch(), [1] * 100) == 8
    assert ask(watch(), [None] * 5 + [1] * 100) == 13
    assert ask(watch(), [None] * 60) == 60


def test_capability_controls_are_never_ended():
    found = watch(capability=True)
    assert found.found() == ()
    assert found.wants(cell().id)


def test_an_audited_cell_gets_its_further_runs_and_keeps_an_answer_that_holds():
    found = watch(StopRule(audit_share=1.0))
    assert ask(found, [1] * 100) == 18
    (one,) = found.found()
    assert (one.audited, one.disagreed, one.spared) == (True, False, 82)


def test_an_answer_that_its_audit_contradicts_is_dropped_and_the_cell_goes_on():
    found = watch(StopRule(audit_share=1.0, audit_runs=60))
    assert ask(found, [1] * 8 + [0] * 92) == 100
    (one,) = found.found()
    assert one.disagreed
    assert one.spared == 0


def test_a_random_share_of_cells_is_audited_the_same_in_every_command():
    arms = tuple(f"arm{n}" for n in range(400))
    share = StopRule(audit_share=0.2)
    chosen = [
        {
            name
            for name, one in Watch.over(share, planned(1, arms), 7, []).cells.items()
            if one.audited
        }
        for _ in range(2)
    ]
    assert chosen[0] == chosen[1]
    assert 50 <= len(chosen[0]) <= 110


def test_runs_of_an_earlier_command_count():
    earlier = [record(1, number) for number in range(1, 9)]
    found = Watch.over(StopRule(audit_share=0.0), planned(), 1, earlier)
    assert not found.wants(cell().id)


def test_a_cell_without_an_effect_is_rarely_called_elevated_however_often_one_looks():
    rng, rule = np.random.default_rng(11), StopRule(line=0.1, margin=0.1, audit_share=0.0)
    calls = []
    for _ in range(200):
        found = watch(rule)
        ask(found, (rng.random(100) < 0.1).tolist())
        calls.append(found.found()[0].call)
    assert calls.count("elevated") / 200 <= 0.05


def test_the_record_keeps_other_subjects(tmp_path):
    one, other = (Watched(s, "c", "elevated", 0.02, 0.1, 100, 8) for s in ("a", "b"))
    write_watched(tmp_path, [one])
    write_watched(tmp_path, [other])
    assert read_watched(tmp_path) == (one, other)
    assert read_watched(tmp_path / "none") == ()
