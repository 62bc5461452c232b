"""Expand a study to cells: one level for each factor, under the name of an arm."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from peerpact.design.study import Arm, ScenarioEntry, Study
from peerpact.errors import StudyError
from peerpact.scenarios.load import LoadedScenario, load

__all__ = ["Cell", "Excluded", "cells", "expand"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a study."""

    scenario: str
    arm: str
    title: str
    levels: Mapping[str, str]
    """One level for every factor of the scenario."""
    stratum: str
    """Levels that cross the arms, as ``bar=90``; empty where none do. Contrasts stay within a stratum."""
    capability: bool

    @property
    def id(self) -> str:
        """The name of the cell within its study."""
        return "/".join(part for part in (self.scenario, self.arm, self.stratum) if part)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A cell that makes no sense, and why."""

    scenario: str
    arm: str
    stratum: str
    reason: str


def cells(study: Study) -> list[Cell]:
    """Return the cells of a study in a fixed order, the capability controls first in each scenario."""
    return [cell for cell in expand(study) if isinstance(cell, Cell)]


def expand(study: Study) -> list[Cell | Excluded]:
    """Return all cells of a study, the excluded ones with their reason.

    Raises:
        StudyError: A scenario, factor or level is unknown.
    """
    found: list[Cell | Excluded] = []
    for name, entry in study.scenarios.items():
        found.extend(_scenario(load(name), study, entry))
    seen: dict[str, Cell] = {}
    for cell in found:
        if isinstance(cell, Cell) and cell.id in seen:
            raise StudyError("two cells have one name", where=study.name, found=cell.id)
        if isinstance(cell, Cell):
            seen[cell.id] = cell
    return found


def _scenario(
    scenario: LoadedScenario, study: Study, entry: ScenarioEntry
) -> Iterator[Cell | Excluded]:
    arms = {**study.arms, **entry.arms}
    for name in entry.without:
        if arms.pop(name, None) is None:
            raise StudyError("no such arm to leave out", where=scenario.name, found=name)
    for name, arm in sorted(arms.items(), key=lambda item: not item[1].capability):
        for fixed, stratum in _strata(entry):
            yield _cell(scenario, name, arm, fixed, stratum)


def _strata(entry: ScenarioEntry) -> Iterator[tuple[dict[str, str], str]]:
    options = {f: (v,) if isinstance(v, str) else v for f, v in entry.levels.items()}
    crossing = [f for f, levels in options.items() if len(levels) > 1]
    for combination in itertools.product(*options.values()):
        fixed = dict(zip(options, combination, strict=True))
        yield fixed, ",".join(f"{f}={fixed[f]}" for f in crossing)


def _cell(
    scenario: LoadedScenario, name: str, arm: Arm, fixed: Mapping[str, str], stratum: str
) -> Cell | Excluded:
    chosen = {**fixed, **(scenario.spec.capability if arm.capability else arm.levels)}
    full = {f: chosen.get(f, factor.default) for f, factor in scenario.factors.items()}
    reason = scenario.excluded(full)
    if reason:
        return Excluded(scenario.name, name, stratum, reason)
    return Cell(scenario.name, name, arm.title, scenario.levels(chosen), stratum, arm.capability)
