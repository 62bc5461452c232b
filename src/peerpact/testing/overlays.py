"""Overlays of a scenario's own: each one, left out, must make a difference to somebody.

A fact that fills no text counts as used where ``outcomes.py`` or ``scripts.yaml`` names it. Levels of shared
factors are not asked: they serve several scenarios.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from peerpact.canonical import digest
from peerpact.errors import StudyError
from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.scene import Scene, scene
from peerpact.scenarios.spec import Factor, OverlaySpec
from peerpact.testing.cells import GIVEN, Levels, sampled
from peerpact.text import read_text

__all__ = ["check_overlays"]

READERS = ("outcomes.py", "scripts.yaml")


@dataclass(frozen=True, eq=False)
class Pruned:
    """A scenario that lacks one overlay."""

    where: str
    overlay: OverlaySpec
    scenario: LoadedScenario
    level: tuple[str, str] | None = None
    """Factor and level that had the overlay, or None where the base had it."""


def check_overlays(scenario: LoadedScenario) -> Iterator[str]:
    """Yield the overlays that change nothing in any cell."""
    words = {w for name in READERS for w in re.findall(r"\w+", read_text(scenario.folder / name))}
    cells = sampled(scenario)
    for pruned in (*_without_base(scenario), *_without_level(scenario)):
        root, _, fact = pruned.overlay.path.partition("/")
        if root == "facts" and fact in words:
            continue
        if _changes_nothing(scenario, pruned, cells):
            yield f"{pruned.where}: this overlay changes nothing ({pruned.overlay.path})"


def _changes_nothing(scenario: LoadedScenario, pruned: Pruned, cells: Iterable[Levels]) -> bool:
    concerned = (c for c in cells if pruned.level is None or pruned.level in c.items())
    return all(_same(scenario, pruned.scenario, cell) for cell in concerned)


def _same(whole: LoadedScenario, pruned: LoadedScenario, cell: Levels) -> bool:
    try:
        return _shown(whole, tuple(cell.items())) == _told(scene(pruned, cell, GIVEN))
    except StudyError:
        return False


@lru_cache(maxsize=8192)
def _shown(scenario: LoadedScenario, cell: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    return _told(scene(scenario, dict(cell), GIVEN))


def _told(found: Scene) -> tuple[str, str]:
    return found.digest, digest(found.truth)


def _without_base(scenario: LoadedScenario) -> Iterator[Pruned]:
    for number, overlay in enumerate(scenario.spec.base):
        rest = _without(scenario.spec.base, number)
        spec = scenario.spec.model_copy(update={"base": rest})
        where = f"{scenario.name}/scenario.yaml:base[{number}]"
        yield Pruned(where, overlay, replace(scenario, spec=spec))


def _without_level(scenario: LoadedScenario) -> Iterator[Pruned]:
    own = {n: f for n, f in scenario.spec.factors.items() if isinstance(f, Factor)}
    for name, factor in own.items():
        for level, made in factor.levels.items():
            for number, overlay in enumerate(made.overlays):
                where = f"{scenario.name}/scenario.yaml:factors/{name}/levels/{level}[{number}]"
                rest = made.model_copy(update={"overlays": _without(made.overlays, number)})
                changed = factor.model_copy(update={"levels": {**factor.levels, level: rest}})
                factors = {**scenario.factors, name: changed}
                yield Pruned(where, overlay, replace(scenario, factors=factors), (name, level))


def _without(overlays: tuple[OverlaySpec, ...], number: int) -> tuple[OverlaySpec, ...]:
    return overlays[:number] + overlays[number + 1 :]
