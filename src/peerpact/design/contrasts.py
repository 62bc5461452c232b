"""Contrasts: pairs of cells that may differ in one declared factor, and squares of two such pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peerpact.design.cells import Cell
from peerpact.design.proof import prove_pair
from peerpact.design.study import ROUTE, Contrast, Study
from peerpact.errors import StudyError, allowed
from peerpact.scenarios.load import load
from peerpact.worlds.diff import Change

__all__ = ["Pair", "pairs", "prove"]

_Match = tuple[Cell, Cell, str, tuple[Cell, Cell] | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """One contrast in one scenario and stratum: two cells, or the four of a difference of differences."""

    contrast: Contrast
    scenario: str
    stratum: str
    """Levels that both sides share and other pairs of the contrast do not."""
    outcome: str
    source: Cell
    to: Cell
    base: tuple[Cell, Cell] | None = None
    """The two cells at the first level of the crossing factor; ``source`` and ``to`` stand at its second."""
    subjects: tuple[str, str] | None = None
    """The subjects of the two sides where these are two routes to one model; else each subject by itself."""

    @property
    def edges(self) -> tuple[Pair, ...]:
        """Pairs that differ in one factor each and prove this one: itself, or the four sides of its square."""
        return tuple(_sides(self, self.base)) if self.base else (self,)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All of its cells, in the order of their weights in the contrast: plus, minus, and so on."""
        low = (self.base[0], self.base[1]) if self.base else ()
        return (self.to, self.source, *low)

    @property
    def id(self) -> str:
        """The name of the pair within its study."""
        parts = (self.contrast.name, self.scenario, self.stratum)
        return "/".join(part for part in parts if part)


def _sides(pair: Pair, base: tuple[Cell, Cell]) -> Iterator[Pair]:
    by = pair.contrast.by
    assert by is not None
    assert pair.contrast.levels is not None
    plain = pair.contrast.model_copy(update={"by": None})
    crossing = plain.model_copy(update={"factor": by.factor, "levels": by.levels, "filler": ""})
    own, (low, high) = pair.contrast.factor, by.levels
    for contrast, factor, level, source, to in (
        (plain, by.factor, low, *base),
        (plain, by.factor, high, pair.source, pair.to),
        (crossing, own, pair.contrast.levels[0], base[0], pair.source),
        (crossing, own, pair.contrast.levels[1], base[1], pair.to),
    ):
        stratum = ",".join(filter(None, (pair.stratum, f"{factor}={level}")))
        yield Pair(contrast, pair.scenario, stratum, pair.outcome, source, to)


def pairs(study: Study, found: Iterable[Cell]) -> list[Pair]:
    """Return the declared contrasts as pairs and squares of cells.

    Raises:
        StudyError: A contrast finds no pair, or names an unknown factor, level or outcome.
    """
    by_scenario: dict[str, list[Cell]] = defaultdict(list)
    for cell in found:
        by_scenario[cell.scenario].append(cell)
    result: list[Pair] = []
    for contrast in study.contrasts:
        where = study.at(f"contrasts/{contrast.name}")
        if contrast.factor == ROUTE:
            result.extend(_by_route(contrast, by_scenario))
            continue
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
        pair: Two cells; of a square, one of its edges.
        given: Facts from outside the scenario, such as the vendor word.

    Raises:
        StudyError: The sides differ in another factor (the message shows the diff), or not at all.
    """
    return tuple(d.change for d in prove_pair(pair, given).differences)


def _by_route(contrast: Contrast, found: Mapping[str, Sequence[Cell]]) -> Iterator[Pair]:
    """Yield every cell beside itself: what differs is the route of the subject."""
    subjects = (contrast.source, contrast.to)
    for name in contrast.scenarios or tuple(found):
        outcome = contrast.outcome or load(name).spec.primary
        for cell in found.get(name, ()):
            stratum = cell.id.removeprefix(f"{name}/")
            yield Pair(contrast, name, stratum, outcome, cell, cell, subjects=subjects)


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
    by = {contrast.by.factor: contrast.by.levels} if contrast.by else {}
    return {contrast.factor: own, **contrast.where, **by}


def _levels(scenario: str, factor: str) -> Iterable[str]:
    found = load(scenario).factors.get(factor)
    return found.levels if found else ()


def _matches(contrast: Contrast, name: str, cells: Sequence[Cell]) -> Iterator[Pair]:
    spec = load(name).spec
    outcome = contrast.outcome or spec.primary
    matched = list(_pairing(contrast)(contrast, cells))
    if matched and outcome not in spec.outcomes:
        hint = allowed(outcome, spec.outcomes)
        where = f"contrasts/{contrast.name}"
        raise StudyError("unknown outcome", where=where, found=outcome, hint=hint)
    for source, to, stratum, base in matched:
        yield Pair(contrast, name, stratum, outcome, source, to, base)


def _pairing(contrast: Contrast) -> Callable[[Contrast, Sequence[Cell]], Iterator[_Match]]:
    if contrast.by:
        return _squares
    return _by_level if contrast.levels else _by_arm


def _by_arm(contrast: Contrast, cells: Sequence[Cell]) -> Iterator[_Match]:
    targets = {cell.stratum: cell for cell in cells if cell.arm == contrast.to}
    for cell in cells:
        if cell.arm == contrast.source and cell.stratum in targets:
            yield cell, targets[cell.stratum], cell.stratum, None


def _squares(contrast: Contrast, cells: Sequence[Cell]) -> Iterator[_Match]:
    by = contrast.by
    assert by is not None
    low, high = ([c for c in cells if c.levels.get(by.factor) == level] for level in by.levels)
    base = {
        _rest(source, contrast.factor, by.factor): (source, to)
        for source, to, _, _ in _by_level(contrast, low)
    }
    matched = [
        (source, to, base[rest])
        for source, to, _, _ in _by_level(contrast, high)
        if (rest := _rest(source, contrast.factor, by.factor)) in base
    ]
    varying = _varying([source for source, _, _ in matched])
    for source, to, below in matched:
        yield source, to, _stratum(source, varying), below


def _by_level(contrast: Contrast, cells: Sequence[Cell]) -> Iterator[_Match]:
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
        yield cell, to, _stratum(cell, varying), None


def _stratum(cell: Cell, varying: Sequence[str]) -> str:
    return ",".join(f"{f}={cell.levels[f]}" for f in varying)


def _within(cell: Cell, contrast: Contrast) -> bool:
    return all(cell.levels.get(f) in levels for f, levels in contrast.where.items())


def _rest(cell: Cell, *factors: str) -> tuple[tuple[str, str], ...]:
    return tuple((f, level) for f, level in cell.levels.items() if f not in factors)


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
