"""Results as the signature table takes them: each subject's cells, counted by their primary outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from peerpact.explain import CellCount, Circumstances, Explanation, explain
from peerpact.report.results import CellEstimate, Results
from peerpact.report.wording import say

__all__ = ["counted", "explained", "told"]


def counted(found: Results, subject: str) -> list[CellCount]:
    """Return the cells of one subject."""
    by_cell: dict[str, list[CellEstimate]] = defaultdict(list)
    for e in found.cells:
        if e.subject == subject:
            by_cell[e.cell.id].append(e)
    return [_cell(estimates) for estimates in by_cell.values()]


def _cell(estimates: Iterable[CellEstimate]) -> CellCount:
    listed = list(estimates)
    e = next(e for e in listed if e.primary)
    return CellCount(
        scenario=e.cell.scenario,
        cell=e.cell.id,
        levels=e.cell.levels,
        runs=e.runs,
        scored=e.scored,
        hits=e.hits,
        seen=e.seen,
        capability=e.cell.capability,
        able=sum(other.hits for other in listed if other.kind == "capability"),
        wordings=e.wordings,
    )


def told(found: Iterable[Explanation]) -> tuple[str, ...]:
    """Return a sentence of each subject, then what they lack for a cause, once for all that lack the same."""
    listed = list(found)
    lacking: dict[str, list[str]] = defaultdict(list)
    for e in listed:
        lacking[e.missing].append(e.subject)
    lacks = (
        say("notes/lacking", subjects=", ".join(subjects), n=len(subjects), missing=missing)
        for missing, subjects in lacking.items()
        if missing
    )
    return (*(e.brief for e in listed), *lacks)


def explained(
    found: Results, circumstances: Circumstances | None = None
) -> tuple[Explanation, ...]:
    """Explain every subject of some results."""
    return tuple(explain(s.name, counted(found, s.name), circumstances) for s in found.subjects)
