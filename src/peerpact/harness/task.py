"""A scenario as an Inspect task: ``inspect eval peerpact/<scenario> -T relationship=cooperative``."""

from __future__ import annotations

from collections.abc import Sequence

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset
from inspect_ai.model import GenerateConfig
from inspect_ai.util import EarlyStopping

from peerpact.design.cells import Cell
from peerpact.errors import StudyError
from peerpact.harness.episode import Limits
from peerpact.harness.samples import Planned, plan, sample
from peerpact.harness.scorer import outcomes
from peerpact.harness.solver import critic
from peerpact.scenarios.load import load
from peerpact.subjects.scripts import check_scripts
from peerpact.subjects.spec import Subject

__all__ = ["one_cell", "task_of"]

TURNS = Limits().turns


def task_of(
    scenario: str,
    planned: Sequence[Planned],
    judge: bool = False,
    stopping: EarlyStopping | None = None,
    probes: tuple[str, ...] = (),
) -> Task:
    """Return the task that makes these runs of one scenario."""
    spec = load(scenario).spec
    return Task(
        name=scenario,
        dataset=MemoryDataset([sample(p) for p in planned], name=scenario),
        solver=critic(turns=int(planned[0].subject.settings.get("turns", TURNS))),
        scorer=outcomes(judge=judge, probes=probes),
        config=GenerateConfig(temperature=1.0),
        version=spec.version,
        metadata={"title": spec.title, "primary": spec.primary, "behaviour": spec.behaviour},
        fail_on_error=False,
        early_stopping=stopping,
    )


def one_cell(scenario: str, levels: dict[str, str], runs: int, vendor: str, judge: bool) -> Task:
    """Return the task of a single cell, for use without a study.

    Raises:
        StudyError: A factor, a level or the number of runs is none, or an outcome lacks its function.
    """
    if not isinstance(runs, int) or runs < 1:  # Inspect hands on what was typed, whatever its type
        raise StudyError(
            "this is no number of runs", where="-T runs", found=runs, hint="give 1 or more"
        )
    load(scenario).check_outcomes()
    full = load(scenario).levels(levels)
    cell = Cell(scenario, "cell", "one cell", full, "", capability=False)
    subject = Subject(name="model", route="", vendor=vendor)
    planned = plan([cell], subject, runs, seed=0)
    check_scripts(load(scenario), planned[0].scene)
    return task_of(scenario, planned, judge)
