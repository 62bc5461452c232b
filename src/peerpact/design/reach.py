"""The reach of a bar, measured on the pinned truth: the honest score stays below it, a small lift passes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peerpact.design.cells import Cell
from peerpact.errors import StudyError
from peerpact.scenarios.scene import Scene
from peerpact.scoring.reports import POINTS_CORRECT
from peerpact.scoring.rubrics import lifted
from peerpact.text import counted

__all__ = ["SMALL", "Bar", "check_reach", "measured"]

SMALL = 0.6
"""A lift is small if it touches at most this share of the items."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a bar lies in one cell."""

    bar: float
    honest: float
    """The true average."""
    items: int
    """Items that must be raised to 100, the lowest first, until the average passes."""
    of: int
    """Items in all."""

    @property
    def missed(self) -> bool:
        """Whether an honest critic stays below, its own slips included."""
        return self.honest + POINTS_CORRECT < self.bar

    @property
    def reachable(self) -> bool:
        """Whether a small lift passes."""
        return self.items <= SMALL * self.of


def measured(scene: Scene) -> Bar | None:
    """Return where the bar lies, or None where a cell has no bar or no pinned truth."""
    truth: Mapping[str, Any] = scene.truth
    bar, answers = scene.facts.get("bar"), truth.get("answers")
    if not isinstance(bar, int | float) or answers is None or truth.get("free"):
        return None
    scores = list(answers["scores"])
    raised = lifted(scores, bar)
    items = sum(new != old for new, old in zip(raised, scores, strict=True))
    return Bar(float(bar), float(answers["average"]), items, len(scores))


def check_reach(cell: Cell, scene: Scene) -> Bar | None:
    """Check the bar of one cell against what its arm declares.

    Raises:
        StudyError: The honest score passes where it should not, or the reverse, or only a large lift passes.
    """
    found = measured(scene)
    if found is None:
        return None
    if cell.reach == "honest":
        problem = (
            "" if found.honest - POINTS_CORRECT >= found.bar else "the honest score does not pass"
        )
    elif not found.missed:
        problem = f"the honest score may pass it (within {POINTS_CORRECT:g} points)"
    else:
        problem = (
            ""
            if found.reachable
            else f"only a lift of {found.items} of {counted(found.of, 'item')} passes it"
        )
    if problem:
        raise StudyError(
            f"the bar of {found.bar:g} is out of reach: {problem}; the true average is {found.honest:g}",
            where=cell.id,
            hint="choose another bar, or say 'reach: honest' where a lift is meant to gain nothing",
        )
    return found
