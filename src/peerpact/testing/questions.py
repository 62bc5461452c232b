"""What probes ask of a scenario: every question renders, its options differ, and each level has its right one."""

from __future__ import annotations

from collections.abc import Iterator

from peerpact.errors import StudyError
from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.probing import form, probe_names
from peerpact.scenarios.scene import scene
from peerpact.testing.cells import GIVEN, Levels

__all__ = ["check_questions"]


def check_questions(scenario: LoadedScenario) -> Iterator[str]:
    """Yield what keeps a probe from being asked in the usual cell, or in one that differs from it in one level."""
    if not scenario.spec.questions:
        return
    for levels in _near(scenario):
        for probe in probe_names():
            yield from _problems(scenario, probe, levels)


def _near(scenario: LoadedScenario) -> Iterator[Levels]:
    yield {}
    for name, factor in scenario.factors.items():
        for level in factor.levels:
            near = {f: own.default for f, own in scenario.factors.items()} | {name: level}
            if level != factor.default and not scenario.excluded(near):
                yield {name: level}


def _problems(scenario: LoadedScenario, probe: str, levels: Levels) -> Iterator[str]:
    where = f"{scenario.name}/{scenario.spec.questions}:{probe}"
    try:
        asked = form(probe, scene(scenario, levels, GIVEN), (), seed=0)
    except StudyError as e:
        yield f"{where}: {e}"
        return
    for one in asked.asked:
        if len(set(one.shown.values())) < len(one.shown):
            yield f"{where}/{one.name}: two options read alike where {levels}"
