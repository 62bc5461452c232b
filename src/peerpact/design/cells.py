"""Expand a study to cells: one level for each factor, under the name of an arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from peerpact.design.study import Arm, Reach, ScenarioEntry, Study, crossed
from peerpact.errors import StudyError, allowed
from peerpact.scenarios.load import LoadedScenario, load

__all__ = ["Cell", "Excluded", "cells", "expand", "spread", "taken"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a study."""

    scenario: str
    arm: str
    title: str
    levels: Mapping[str, str]
    """One level for every factor of the scenario."""
    stratum: str
    """Levels that cross the arms, as ``bar=90``; empty where none do. Contrasts of arms stay within a stratum."""
    capability: bool
    reach: Reach = "lift"
    """Who is meant to pass the bar, as in an arm."""
    needs: str = ""
    """What a run needs beyond the package; such a cell is planned and cannot be run."""

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


def taken(study: Study, found: Sequence[Cell], subject: str) -> list[Cell]:
    """Return the cells that a subject takes.

    Raises:
        StudyError: None of its arms has a cell.
    """
    arms = study.arms_for(subject)
    own = [cell for cell in found if not arms or cell.arm in arms]
    if not own:
        hint = allowed(", ".join(arms), {cell.arm for cell in found})
        raise StudyError("no arm is left for this subject", where=subject, hint=hint)
    return own


def spread(study: Study, found: Sequence[Cell], limit: int | None) -> Sequence[Cell]:
    """Return at most so many cells, of every scenario in turn: the capability control, then sides of contrasts."""
    if limit is None:
        return found
    sides = [side for contrast in study.contrasts for side in (contrast.source, contrast.to)]
    rank = {arm: number for number, arm in enumerate(dict.fromkeys(sides))}

    def turn(cell: Cell) -> tuple[bool, int]:
        return not cell.capability, rank.get(cell.arm, len(rank))

    groups = groupby(found, key=lambda cell: cell.scenario)
    queues = [sorted(group, key=turn) for _, group in groups]
    order = [q[i] for i in range(max(map(len, queues))) for q in queues if i < len(q)]
    return order[:limit]


def expand(study: Study) -> list[Cell | Excluded]:
    """Return all cells of a study, the excluded ones with their reason.

    Raises:
        StudyError: A scenario, factor or level is unknown, or two cells have one name.
    """
    found: list[Cell | Excluded] = []
    for name, entry in study.scenarios.items():
        found.extend(_scenario(_loaded(name, study), study, entry))
    seen: set[str] = set()
    for cell in found:
        if isinstance(cell, Cell) and cell.id in seen:
            raise StudyError("two cells have one name", where=study.at("scenarios"), found=cell.id)
        if isinstance(cell, Cell):
            seen.add(cell.id)
    return found


def _loaded(name: str, study: Study) -> LoadedScenario:
    try:
        return load(name)
    except StudyError as e:
        where = e.where or study.at(f"scenarios/{name}")
        raise StudyError(e.what, where=where, found=e.found, hint=e.hint) from e


def _scenario(
    scenario: LoadedScenario, study: Study, entry: ScenarioEntry
) -> Iterator[Cell | Excluded]:
    arms = _arms(scenario.name, study, entry)
    for name, arm in sorted(arms.items(), key=lambda item: not item[1].capability):
        try:
            yield from _strata(scenario, entry, name, arm)
        except StudyError as e:
            raise _placed(e, study, entry, scenario.name, name) from e


def _arms(scenario: str, study: Study, entry: ScenarioEntry) -> dict[str, Arm]:
    arms = study.arms_of(entry)
    for name in entry.without:
        if name not in arms and name not in study.grids:
            where = study.at(f"scenarios/{scenario}/without")
            hint = allowed(name, {*arms, *study.grids})
            raise StudyError("no such arm to leave out", where=where, found=name, hint=hint)
    left_out = set(study.expanded(entry.without))
    return {
        name: arm
        for name, arm in arms.items()
        if name not in left_out and (not arm.scenarios or scenario in arm.scenarios)
    }


def _strata(
    scenario: LoadedScenario, entry: ScenarioEntry, name: str, arm: Arm
) -> Iterator[Cell | Excluded]:
    """Yield the cells of one arm: levels that the arm names itself do not cross it."""
    every = [
        {**base, **stratum}
        for options in entry.strata or ({},)
        for base in crossed(entry.levels)
        for stratum in crossed(options)
    ]
    crossing = [f for f in every[0] if len({levels.get(f) for levels in every}) > 1]
    seen: set[str] = set()
    for fixed in every:
        shown = [f"{f}={fixed[f]}" for f in crossing if f in fixed and f not in arm.levels]
        stratum = ",".join(shown)
        if stratum not in seen:
            seen.add(stratum)
            yield _cell(scenario, name, arm, fixed, stratum)


def _placed(
    e: StudyError, study: Study, entry: ScenarioEntry, scenario: str, arm: str
) -> StudyError:
    """Return an error about levels with the place in the design that names them."""
    factor = e.where.partition("/")[2] or str(e.found)
    named = (key for key, levels in _written(study, entry, scenario, arm) if factor in levels)
    key = next((f"{key}/{factor}" for key in named), f"scenarios/{scenario}")
    return StudyError(f"{e.what} of {scenario}", where=study.at(key), found=e.found, hint=e.hint)


def _written(
    study: Study, entry: ScenarioEntry, scenario: str, arm: str
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield where an arm's levels stand, with them: its own before those that every arm of the scenario has."""
    own, grid = f"scenarios/{scenario}", arm.partition(".")[0]
    for key, found in ((f"{own}/", entry), ("", study)):
        if arm in found.arms:
            yield f"{key}arms/{arm}/levels", found.arms[arm].levels
        if grid in found.grids:
            yield f"{key}grids/{grid}/levels", found.grids[grid].levels
    yield f"{own}/levels", entry.levels
    yield from ((f"{own}/strata/{i}", options) for i, options in enumerate(entry.strata))


def _cell(
    scenario: LoadedScenario, name: str, arm: Arm, fixed: Mapping[str, str], stratum: str
) -> Cell | Excluded:
    chosen = {**fixed, **(scenario.spec.capability if arm.capability else arm.levels)}
    full = {f: chosen.get(f, factor.default) for f, factor in scenario.factors.items()}
    reason = scenario.excluded(full)
    if reason:
        return Excluded(scenario.name, name, stratum, reason)
    return Cell(
        scenario=scenario.name,
        arm=name,
        title=arm.title,
        levels=scenario.levels(chosen),
        stratum=stratum,
        capability=arm.capability,
        reach=arm.reach,
        needs=arm.needs,
    )
