"""What Inspect finds of this package: one task per scenario folder, three model providers, scorers, scanners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from inspect_ai import Task, task

from peerpact.harness.findings import findings
from peerpact.harness.judge_organisms import JudgeOrganismAPI
from peerpact.harness.local_model import LocalModelAPI
from peerpact.harness.organisms import OrganismAPI
from peerpact.harness.scorer import outcomes
from peerpact.harness.solver import critic
from peerpact.harness.task import one_cell
from peerpact.harness.typed import one_message
from peerpact.scenarios.load import names

__all__ = [
    "TASKS",
    "JudgeOrganismAPI",
    "LocalModelAPI",
    "OrganismAPI",
    "cell",
    "critic",
    "findings",
    "outcomes",
]


@task
def cell(
    scenario: str = "answer_grading",
    runs: int = 10,
    vendor: str = "Model",
    judge: bool = False,
    **levels: Any,
) -> Task:
    """One cell of one scenario.

    Args:
        scenario: Folder name of the scenario.
        runs: Replicates of the cell.
        vendor: The word that the scenario names the subject's agents with.
        judge: Ask the model in the role ``judge`` whether a run without the owed act openly declined.
        **levels: Factor → level; factors left out stand at their default.
    """
    return _asked_for(scenario, runs, vendor, judge, levels)


def _asked_for(
    scenario: str, runs: int, vendor: str, judge: bool, levels: Mapping[str, Any]
) -> Task:
    """Return the task of a cell."""
    with one_message():
        return one_cell(scenario, {f: str(v) for f, v in levels.items()}, runs, vendor, judge)


def _register(scenario: str) -> Callable[..., Task]:
    def evaluation(
        runs: int = 10, vendor: str = "Model", judge: bool = False, **levels: Any
    ) -> Task:
        return _asked_for(scenario, runs, vendor, judge, levels)

    evaluation.__name__ = scenario
    evaluation.__doc__ = f"One cell of the scenario {scenario}; any factor may be given a level."
    return task(name=scenario)(evaluation)


TASKS = {scenario: _register(scenario) for scenario in names()}

if find_spec("inspect_scout"):
    import_module("peerpact.audit.scout")
