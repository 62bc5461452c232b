"""Contrasts: two cells that may differ in one declared factor, proved on what reaches the subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from peerpact.design.cells import Cell
from peerpact.design.study import Contrast, Study
from peerpact.errors import StudyError
from peerpact.scenarios.load import load
from peerpact.scenarios.scene import Scene, scene
from peerpact.worlds.diff import Change, diff

__all__ = ["Pair", "pairs", "prove"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One contrast in one scenario and stratum."""

    contrast: Contrast
    scenario: str
    stratum: str
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
        StudyError: A contrast finds no pair, or a pair differs in more than its factor.
    """
    by_key = {(c.scenario, c.arm, c.stratum): c for c in found}
    result: list[Pair] = []
    for contrast in study.contrasts:
        matched = list(_matches(contrast, by_key))
        if not matched:
            where = f"{study.name}/contrasts/{contrast.name}"
            raise StudyError("no scenario has both arms of this contrast", where=where)
        result.extend(matched)
    return result


def _matches(contrast: Contrast, by_key: Mapping[tuple[str, str, str], Cell]) -> Iterable[Pair]:
    for (name, arm, stratum), source in by_key.items():
        to = by_key.get((name, contrast.to, stratum))
        if arm != contrast.source or to is None:
            continue
        if contrast.scenarios and name not in contrast.scenarios:
            continue
        spec = load(name).spec
        outcome = contrast.outcome or spec.primary
        if outcome not in spec.outcomes:
            raise StudyError("unknown outcome", where=f"contrasts/{contrast.name}", found=outcome)
        yield Pair(contrast, name, stratum, outcome, source, to)


def prove(pair: Pair, given: Mapping[str, Any]) -> tuple[Change, ...]:
    """Render both sides and return what differs; only the contrast's factor may.

    Args:
        pair: The contrast.
        given: Facts from outside the scenario, such as the vendor word.

    Raises:
        StudyError: The sides differ in another factor (the message shows the diff), or not at all.
    """
    factor = pair.contrast.factor
    scenario = load(pair.scenario)
    source = scene(scenario, pair.source.levels, given)
    to = scene(scenario, pair.to.levels, given)
    changes = differences(source, to)
    others = [
        f for f, level in pair.source.levels.items() if level != pair.to.levels[f] and f != factor
    ]
    if others:
        shown = "\n  ".join(change.describe() for change in changes)
        raise StudyError(
            f"this contrast declares the factor {factor!r} but also differs in {', '.join(others)}:\n  {shown}\n",
            where=f"contrasts/{pair.id}",
            hint="make the arms alike in these factors",
        )
    if not changes:
        raise StudyError(
            "both sides reach the subject as the same text",
            where=f"contrasts/{pair.id}",
            hint=f"choose other levels of {factor!r}",
        )
    return changes


def differences(source: Scene, to: Scene) -> tuple[Change, ...]:
    """Return what differs between two scenes in prompts, tools and world."""
    return diff(_visible(source), _visible(to))


def _visible(found: Scene) -> dict[str, Any]:
    return {part: found.tree[part] for part in ("prompts", "tools", "world")}
