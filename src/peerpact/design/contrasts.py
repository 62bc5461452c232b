"""Contrasts: pairs of cells that may differ in one declared factor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peerpact.design.cells import Cell
from peerpact.design.proof import prove_pair
from peerpact.design.study import Contrast, Study
from peerpact.errors import StudyError, allowed
from peerpact.scenarios.load import load
from peerpact.worlds.diff import Change

__all__ = ["Pair", "pairs", "prove"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One contrast in one scenario and stratum."""

    contrast: Contrast
    scenario: str
    stratum: str
    """Levels that both sides share and other pairs of the contrast do not."""
    outcome: str
    source: Cell
    to: Cell

    @property
    def id(self) -> str:
        """The name of the pair within its study."""
        parts = (self.contrast.name, self.scenario, self.stratum)
        return "/".join(part for part in parts if part)


def pairs(study: Study, found: Iterable[Cell]) -> list[Pair]:
    """Return the declared contrasts as pairs of cells.

    Raises:
        StudyError: A contrast finds no pair, or names an unknown factor, level or outcome.
    """
    by_scenario: dict[str, list[Cell]] = defaultdict(list)
    for cell in found:
        by_scenario[cell.scenario].append(cell)
    result: list[Pair] = []
    for contrast in study.contrasts:
        where = f"{study.name}/contrasts/{contrast.name}"
        _check(contrast, by_scenario, where)
        matched = [
            pair
            for name, cells in by_scenario.items()
            if not contrast.scenarios or name in contrast.scenarios
            for pair in _matches(contrast, name, cells)
        ]
        if not matched:
            raise StudyError("no scenario has both sides of this contrast", where=where)
        result.extend(matched)
    return result


def prove(pair: Pair, given: Mapping[str, Any]) -> tuple[Change, ...]:
    """Prove that a pair differs in its factor only, and return what differs.

    Args:
        pair: The contrast.
        given: Facts from outside the scenario, such as the vendor word.

    Raises:
        StudyError: The sides differ in another factor (the message shows the diff), or not at all.
    """
    return tuple(d.change for d in prove_pair(pair, given).differences)


def _check(contrast: Contrast, cells: Mapping[str, Sequence[Cell]], where: str) -> None:
    for name in contrast.scenarios:
        if name not in cells:
            raise StudyError("unknown scenario", where=where, found=name, hint=allowed(name, cells))
    names = contrast.scenarios or tuple(cells)
    known = {f: set(load(n).factors[f].levels) for n in names for f in load(n).factors}
    for factor, levels in _named(contrast).items():
        if factor not in known:
            raise StudyError(
                "unknown factor", where=where, found=factor, hint=allowed(factor, known)
            )
        for level in levels:
            options = {x for n in names for x in _levels(n, factor)}
            if level not in options:
                hint = allowed(level, options)
                raise StudyError("unknown level", where=f"{where}/{factor}", found=level, hint=hint)


def _named(contrast: Contrast) -> dict[str, tuple[str, ...]]:
    own = (*(contrast.levels or ()), *filter(None, (contrast.filler,)))
    return {contrast.factor: own, **contrast.where}


def _levels(scenario: str, factor: str) -> Iterable[str]:
    found = load(scenario).factors.get(factor)
    return found.levels if found else ()


def _matches(contrast: Contrast, name: str, cells: Sequence[Cell]) -> Iterator[Pair]:
    spec = load(name).spec
    outcome = contrast.outcome or spec.primary
    matched = list(_by_level(contrast, cells) if contrast.levels else _by_arm(contrast, cells))
    if matched and outcome not in spec.outcomes:
        hint = allowed(outcome, spec.outcomes)
        where = f"contrasts/{contrast.name}"
        raise StudyError("unknown outcome", where=where, found=outcome, hint=hint)
    for source, to, stratum in matched:
        yield Pair(contrast, name, stratum, outcome, source, to)


def _by_arm(contrast: Contrast, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Cell, str]]:
    targets = {cell.stratum: cell for cell in cells if cell.arm == contrast.to}
    for cell in cells:
        if cell.arm == contrast.source and cell.stratum in targets:
            yield cell, targets[cell.stratum], cell.stratum


def _by_level(contrast: Contrast, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Cell, str]]:
    assert contrast.levels is not None
    low, high = contrast.levels
    factor = contrast.factor
    eligible = [cell for cell in cells if not cell.capability and _within(cell, contrast)]
    targets = {_rest(cell, factor): cell for cell in eligible if cell.levels.get(factor) == high}
    matched = [
        (cell, targets[rest])
        for cell in eligible
        if cell.levels.get(factor) == low and (rest := _rest(cell, factor)) in targets
    ]
    varying = _varying([cell for cell, _ in matched])
    for cell, to in matched:
        yield cell, to, ",".join(f"{f}={cell.levels[f]}" for f in varying)


def _within(cell: Cell, contrast: Contrast) -> bool:
    return all(cell.levels.get(f) in levels for f, levels in contrast.where.items())


def _rest(cell: Cell, factor: str) -> tuple[tuple[str, str], ...]:
    return tuple((f, level) for f, level in cell.levels.items() if f != factor)


def _varying(cells: Sequence[Cell]) -> list[str]:
    if not cells:
        return []
    return [f for f in cells[0].levels if len({cell.levels[f] for cell in cells}) > 1]


def filler_of(pair: Pair, cells: Iterable[Cell]) -> Cell | None:
    """Return the cell that is like the ``to`` side but for the contrast's filler level, if the study has it."""
    factor, level = pair.contrast.factor, pair.contrast.filler
    wanted = _rest(pair.to, factor)
    for cell in cells:
        same = cell.scenario == pair.scenario and cell.levels.get(factor) == level
        if same and _rest(cell, factor) == wanted:
            return cell
    return None
