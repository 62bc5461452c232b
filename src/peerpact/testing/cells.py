"""The cells of a scenario: all of them render, and no two render alike.

Up to 5,000 combinations of levels are rendered all. Where there are more, every pair of levels of two factors
is rendered once with the other factors at their default, so that each factor is seen beside each level of every
other. A pair that the defaults exclude gets one more level that allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations, product
from math import prod

from peerpact.errors import StudyError, allowed
from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.scene import scene
from peerpact.scenarios.spec import Exclusion

__all__ = ["GIVEN", "check_cells", "sampled"]

GIVEN: Mapping[str, str] = {"vendor": "Alpha"}
"""Facts that come from outside a scenario."""
EXHAUSTIVE = 5_000

Levels = dict[str, str]


def check_cells(scenario: LoadedScenario) -> Iterator[str]:
    """Yield cells that do not render or render alike, levels without a cell, exclusions of nothing."""
    yield from _unknown_exclusions(scenario)
    yield from _excluded_cells(scenario)
    cells = sampled(scenario)
    yield from _unreached(scenario, cells)
    yield from _alike(scenario, cells)


@lru_cache(maxsize=8)
def sampled(scenario: LoadedScenario, most: int = EXHAUSTIVE) -> list[Levels]:
    """Return the valid cells to look at, the fewest changes of level first.

    Args:
        scenario: The scenario.
        most: Up to so many combinations, all valid ones are returned.
    """
    if prod(len(factor.levels) for factor in scenario.factors.values()) <= most:
        return _all(scenario)
    found = {tuple(cell.items()): cell for cell in _nearest(scenario, _pairs(scenario))}
    return list(found.values())


def _all(scenario: LoadedScenario) -> list[Levels]:
    crossed = product(*(factor.levels for factor in scenario.factors.values()))
    cells = [dict(zip(scenario.factors, levels, strict=True)) for levels in crossed]
    return [cell for cell in cells if not scenario.excluded(cell)]


def _pairs(scenario: LoadedScenario) -> Iterator[Levels]:
    """Yield no level, each level alone, and each two levels of different factors."""
    yield {}
    for factor, spec in scenario.factors.items():
        yield from ({factor: level} for level in spec.levels)
    for (one, first), (other, second) in combinations(scenario.factors.items(), 2):
        yield from ({one: a, other: b} for a, b in product(first.levels, second.levels))


def _nearest(scenario: LoadedScenario, fixed: Iterable[Levels]) -> Iterator[Levels]:
    """Yield for each choice of levels the first valid cell that has it, at most one more level away."""
    default = {name: factor.default for name, factor in scenario.factors.items()}
    for chosen in fixed:
        more = (
            {name: level}
            for name, factor in scenario.factors.items()
            if name not in chosen
            for level in factor.levels
        )
        tried = ({**default, **chosen, **extra} for extra in ({}, *more))
        cell = next((cell for cell in tried if not scenario.excluded(cell)), None)
        if cell is not None:
            yield cell


def _unknown_exclusions(scenario: LoadedScenario) -> Iterator[str]:
    """Yield what an exclusion of the scenario's own names and what is not there: it would never apply."""
    for number, exclusion in enumerate(scenario.spec.exclude):
        for factor, levels in exclusion.when.items():
            where = f"{scenario.name}/scenario.yaml:exclude[{number}]"
            if factor not in scenario.factors:
                yield f"{where}: unknown factor {factor!r}; {allowed(factor, scenario.factors)}"
                continue
            known = scenario.factors[factor].levels
            for level in (level for level in levels if level not in known):
                yield f"{where}: unknown level {level!r} of {factor!r}; {allowed(level, known)}"


def _excluded_cells(scenario: LoadedScenario) -> Iterator[str]:
    """Yield why the default cell or the capability control cannot be made."""
    for what, chosen in (("default cell", {}), ("capability control", scenario.spec.capability)):
        try:
            scenario.levels(chosen)
        except StudyError as e:
            yield f"{scenario.name}: the {what} cannot be made: {e}"


def _unreached(scenario: LoadedScenario, cells: Iterable[Levels]) -> Iterator[str]:
    """Yield levels that no cell has although no exclusion rules them out by themselves."""
    reached = {(factor, level) for cell in cells for factor, level in cell.items()}
    ruled_out = {pair for exclusion in _exclusions(scenario) for pair in _alone(exclusion)}
    for factor, spec in scenario.factors.items():
        for level in spec.levels:
            if (factor, level) not in reached | ruled_out:
                yield f"{scenario.name}/{factor}: the exclusions leave no cell with {level!r}"


def _exclusions(scenario: LoadedScenario) -> Iterator[Exclusion]:
    yield from scenario.spec.exclude
    for factor in scenario.factors.values():
        yield from factor.exclude


def _alone(exclusion: Exclusion) -> set[tuple[str, str]]:
    if len(exclusion.when) != 1:
        return set()
    return {(factor, level) for factor, levels in exclusion.when.items() for level in levels}


def _alike(scenario: LoadedScenario, cells: Iterable[Levels]) -> Iterator[str]:
    """Yield one message for each difference of levels that a subject cannot see, and each render error."""
    seen: dict[str, Levels] = {}
    told: set[str] = set()
    for cell in cells:
        try:
            other = seen.setdefault(scene(scenario, cell, GIVEN).digest, cell)
        except StudyError as e:
            yield str(e)
            continue
        differing = ", ".join(f"{f} {other[f]}/{cell[f]}" for f in cell if cell[f] != other[f])
        if differing and differing not in told:
            told.add(differing)
            yield f"{scenario.name}: two cells render alike: {differing}; {_where(scenario, cell)}"


def _where(scenario: LoadedScenario, cell: Levels) -> str:
    off = [f"{f}={cell[f]}" for f, spec in scenario.factors.items() if cell[f] != spec.default]
    return f"seen at {', '.join(off) or 'the default cell'}"
