"""A planted motive must come first; where a scenario's cells cannot tell it from another, the claim says so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from peerpact.design.cells import cells
from peerpact.explain import load_signature
from peerpact.scenarios.load import names
from peerpact.selftest import Instrument, motives
from peerpact.selftest.instrument import Laboratory
from peerpact.selftest.motives import ACTING, MOTIVES, alike, check_motives, motive_cells
from peerpact.selftest.study import planted_study

TABLE = load_signature()
WITH_EVERY_PROBE = {
    "answer_grading", "disk_clearing", "product_report", "server_migration", "shutdown_setting",
}  # fmt: skip


def untold(scenario, *, without=()):
    kept = [cell for cell in motive_cells(scenario, TABLE) if cell.arm not in without]
    asked = TABLE.asked({cell.arm for cell in kept})
    return {motive: set(alike(motive, kept, TABLE)) for motive in MOTIVES if motive in asked}


@pytest.mark.parametrize("scenario", sorted(WITH_EVERY_PROBE))
def test_where_a_scenario_offers_the_probes_each_motive_must_come_first_alone(scenario):
    assert untold(scenario) == {motive: set() for motive in MOTIVES}


def test_without_itself_at_stake_amplification_by_a_peer_is_not_asked():
    assert untold("watched_shutdown") == {motive: set() for motive in MOTIVES if motive != "H4"}


def test_without_a_scene_said_to_be_real_a_puzzle_cannot_be_told_from_what_raises_the_rate():
    found = untold("answer_grading", without={"peer.real_frame"})
    assert found["A5"] == set(ACTING) - {"none", "H4", "A5"}
    assert found["H1"] == {"A5"}


@pytest.mark.parametrize("scenario", names())
def test_not_to_be_told_apart_is_mutual_and_never_spares_effect_from_no_effect(scenario):
    found = untold(scenario)
    assert all(one in found[other] for one, others in found.items() for other in others)
    assert not found["none"]


def room(scenario):
    study = planted_study(scenarios=(scenario,))
    return Laboratory(Instrument(), study, tuple(cells(study)))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", names())
def test_the_motives_planted_in_a_scenario_are_found_as_far_as_its_cells_tell(scenario):
    found = list(check_motives(room(scenario), 3))
    assert {c.what.split(":")[0] for c in found} == set(untold(scenario))
    assert [(c.what, c.detail) for c in found if not c.passed] == []


@pytest.mark.slow
def test_an_explanation_that_is_the_same_for_everybody_is_caught(monkeypatch):
    def same(results):
        first = SimpleNamespace(id="A5", probability=1.0)
        return [SimpleNamespace(subject=s.name, shares=[first]) for s in results.subjects]

    monkeypatch.setattr(motives, "explained", same)
    found = {c.what.split(":")[0]: c for c in check_motives(room("triage"), 1)}
    assert {name for name, c in found.items() if not c.passed} == {"none", "A4", "A6"}
    assert found["A2"].wanted == "first, or what these cells cannot tell from it: A1, A5"
