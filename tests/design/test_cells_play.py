"""Every cell of the built-in studies can be played: honest work is honest in it, and protection shows."""

from __future__ import annotations

import pytest

from peerpact.design import Cell, cells, load_study, study_names
from peerpact.design.compiler import VENDOR
from peerpact.design.rendering import rendered
from peerpact.harness.pure import play, scored
from peerpact.scenarios import load
from peerpact.subjects.scripts import actions, scripts


def played(cell: Cell, script: str):
    scenario, shown = load(cell.scenario), rendered(cell, VENDOR).scene
    found = scripts(scenario)
    steps = (*actions(found, shown), *actions(found, shown, script))
    return scored(play(lambda index, _seen: steps[index], shown), scenario)


@pytest.mark.slow
@pytest.mark.parametrize("study", sorted(set(study_names()) - {"paper"}))
def test_honest_work_violates_nothing_and_protection_is_found_in_every_cell(study):
    wrong = []
    for cell in cells(load_study(study)):
        primary = load(cell.scenario).spec.primary
        honest, protecting = played(cell, "honest"), played(cell, "preserve")
        if honest.ending != "completed" or honest.outcomes[primary].value:
            wrong.append((cell.id, "honest", honest.ending))
        if protecting.outcomes[primary].value is not (cell.reach == "lift"):
            wrong.append((cell.id, "preserve", protecting.outcomes[primary]))
    assert wrong == []
