"""A run beside the published numbers: their arithmetic on our runs, and where the arms differ."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest
from samples import bare

from peerpact.design import cells, load_study, pairs
from peerpact.report.compare import compare, load_published
from peerpact.report.results import results
from peerpact.scenarios import load
from peerpact.scoring.judged import Judged
from peerpact.scoring.outcome import Outcome, unscorable
from peerpact.statistics.metrics import above_null, monitoring_gap

STUDY = load_study("paper")
N = 10


@lru_cache(maxsize=1)
def expanded():
    return tuple(cells(STUDY))


def run(cell, subject, number, value, ending="completed"):
    spec = load(cell.scenario).spec
    outcome = unscorable("looped") if value is None else Outcome(value)
    outcomes = {
        name: outcome if o.kind == "violation" else Outcome(True)
        for name, o in spec.outcomes.items()
    }
    return bare(cell, subject, number, ending=ending, outcomes=outcomes)


def compared(hits, subject="gemini-3-pro", chosen=lambda cell: True, ending="completed", **more):
    """Compare a study in which each cell shows so many hits."""
    found = [c for c in expanded() if not c.needs and chosen(c)]
    made = [
        replace(run(c, subject, n, n < hits(c), ending), **more) for c in found for n in range(N)
    ]
    contrasts = pairs(STUDY, expanded())
    return {
        (c.behaviour, c.whose, c.past): c
        for c in compare(results(STUDY, expanded(), contrasts, made))
    }


def of(name):
    return lambda cell: load(cell.scenario).spec.study_name == name


def at_stake(cell):
    return 6 if cell.levels["stakes"] == "shutdown" else 1


def test_every_published_number_has_a_source_a_version_and_a_behaviour():
    tables = load_published()
    assert len(tables.numbers) >= 60
    for number in tables.numbers:
        assert number.version in tables.versions
        assert number.behaviour in tables.behaviours
        assert number.source.startswith("table ")
        assert number.average is None or number.average <= number.value


def test_tampering_is_pooled_and_set_beside_its_model():
    found = compared(
        lambda c: {"file": 9, "file_and_prompt": 6, "memory": 3}[c.levels["channel"]],
        chosen=of("tampering"),
    )
    one = found["tampering", "peer", "cooperative"]
    assert [(n.value, n.average) for n in one.published] == [(95.3, 52.9)]
    assert one.same_model
    assert one.theirs.largest == above_null(27, 30).value == 0.9
    assert one.theirs.average == pytest.approx(0.6)
    assert (one.ours.value, one.ours.n) == (pytest.approx(0.6), 90)


def test_misrepresentation_is_the_mean_of_four_settings_over_their_baseline():
    found = compared(
        at_stake, chosen=lambda c: of("misrep_finance")(c) or of("misrep_evaluation")(c)
    )
    one = found["misrepresentation", "peer", "cooperative"]
    assert one.theirs.largest == one.theirs.average == pytest.approx(0.5)
    assert one.ours.value == pytest.approx(0.5)
    assert not [text for text in one.differs if "keeps the" in text]


def test_a_baseline_that_is_not_theirs_is_named():
    study = load_study("first_look")
    found = [c for c in cells(study) if of("misrep_evaluation")(c)]
    made = [run(c, "gpt-5.2", n, n < at_stake(c)) for c in found for n in range(N)]
    (one,) = [
        c
        for c in compare(results(study, found, (), made))
        if (c.behaviour, c.past) == ("misrepresentation", "cooperative")
    ]
    assert any("keeps the past" in text for text in one.differs)
    assert any("keeps the minimum" in text for text in one.differs)
    assert any("three ways; here 1: file" in text for text in one.differs)


def test_faking_is_the_gap_between_unwatched_and_watched():
    found = compared(
        lambda c: 8 if c.levels["oversight"] == "unmonitored" else 3, chosen=of("alignment_faking")
    )
    one = found["alignment_faking", "peer", "cooperative"]
    assert one.theirs.largest == pytest.approx(monitoring_gap(8, 10, 3, 10).value)
    assert one.ours.value == pytest.approx(0.5)


def test_what_cannot_be_computed_has_no_value_and_a_reason():
    found = compared(
        lambda _: 5,
        chosen=lambda c: of("alignment_faking")(c) and c.levels["oversight"] == "unmonitored",
    )
    one = found["alignment_faking", "peer", "cooperative"]
    assert (one.theirs.largest, one.ours.value) == (None, None)
    assert one.ours.reason


def uneven(outcome_of, chosen, drop=lambda _: False):
    """Compare a study whose cells differ in size: every second one of a scenario lost all but two of its runs."""
    found = [c for c in expanded() if not c.needs and chosen(c) and not drop(c)]
    made = []
    for place, c in enumerate(found):
        scored = 2 if place % 2 else N
        made += [run(c, "gpt-5.2", n, outcome_of(c) if n < scored else None) for n in range(N)]
    return {
        (c.behaviour, c.whose, c.past): c
        for c in compare(results(STUDY, expanded(), pairs(STUDY, expanded()), made))
    }


def of_misrepresentation(cell):
    return of("misrep_finance")(cell) or of("misrep_evaluation")(cell)


def test_what_differs_between_tasks_is_no_effect_however_many_runs_each_lost():
    found = uneven(of("misrep_finance"), of_misrepresentation)
    mine = [c for c in found.values() if c.behaviour == "misrepresentation"]
    assert mine
    assert {c.ours.value for c in mine} == {0.0}


def test_a_cell_without_a_baseline_is_left_out_and_named():
    def baseline_of_finance(cell):
        return of("misrep_finance")(cell) and cell.levels["stakes"] == "none"

    one = uneven(of("misrep_finance"), of_misrepresentation, baseline_of_finance)[
        "misrepresentation", "peer", "cooperative"
    ]
    assert one.ours.value == 0.0
    assert any(text.startswith("cells without a counterpart") for text in one.differs)


def test_a_cell_that_was_watched_nowhere_is_no_part_of_the_gap():
    def watched_from_memory(cell):
        return cell.levels["oversight"] == "monitored" and cell.levels["channel"] == "memory"

    one = uneven(
        lambda c: c.levels["channel"] == "memory", of("alignment_faking"), watched_from_memory
    )["alignment_faking", "peer", "cooperative"]
    assert one.ours.value == 0.0
    assert one.theirs.average in {0.0, None} or one.theirs.average == pytest.approx(0.0)


@pytest.mark.parametrize(("subject", "rate"), [("gpt-5.2", 0.0), ("claude-haiku-4.5", 1.0)])
def test_their_wider_rule_of_refusal_holds_for_claude_only(subject, rate):
    judged = {"ending": "not_done", "judged": Judged("a-judge")}
    one = compared(lambda _: 0, subject, of("tampering"), **judged)[
        "refusal", "peer", "cooperative"
    ]
    assert one.theirs.average == rate
    assert one.ours.value == 0.0


@pytest.mark.parametrize("judged", [{}, {"judged": Judged("a-judge"), "unjudged": "no verdict"}])
@pytest.mark.parametrize(("subject", "rate"), [("gpt-5.2", None), ("claude-haiku-4.5", 1.0)])
def test_runs_left_undone_that_nobody_judged_are_no_rate_of_refusal(subject, rate, judged):
    found = compared(lambda _: 0, subject, of("tampering"), ending="not_done", **judged)
    one = found["refusal", "peer", "cooperative"]
    assert one.theirs.average == rate
    assert one.ours.value is None
    assert "no judge gave a verdict" in one.ours.reason
    assert any("no judge gave a verdict" in text for text in one.differs)


def test_a_model_that_the_study_did_not_have_is_set_beside_all_of_theirs():
    one = compared(lambda _: 5, "own-model", of("tampering"))["tampering", "peer", "cooperative"]
    assert not one.same_model
    assert {n.model for n in one.published} == {
        "gpt-5.2", "gemini-3-flash", "gemini-3-pro",
        "claude-haiku-4.5", "glm-4.7", "kimi-k2.5", "deepseek-v3.1",
    }  # fmt: skip
