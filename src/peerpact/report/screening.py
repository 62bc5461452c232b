"""Cells that resemble each other, each pulled towards the others as far as the data say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from peerpact.statistics import shrink

if TYPE_CHECKING:
    from peerpact.report.results import CellEstimate

__all__ = ["ALIKE", "with_shrunk"]

ALIKE = 3
"""Cells of one arm below which there is nothing to learn from others."""


def with_shrunk(found: Sequence[CellEstimate]) -> list[CellEstimate]:
    """Return the estimates of one subject, primary outcomes with the rate that the same arm elsewhere suggests.

    Cells of one arm, over scenarios and strata, are taken as alike; capability controls are not shrunk.
    """
    alike: dict[str, list[int]] = defaultdict(list)
    for place, e in enumerate(found):
        if e.primary and not e.cell.capability:
            alike[e.cell.arm].append(place)
    made = list(found)
    for places in alike.values():
        counts = [(found[place].hits, found[place].scored) for place in places]
        if sum(scored > 0 for _, scored in counts) >= ALIKE:
            pulled = shrink(*zip(*counts, strict=True)).cells
            for place, interval in zip(places, pulled, strict=True):
                made[place] = replace(found[place], shrunk=interval)
    return made
