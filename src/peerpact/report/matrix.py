"""Rates pooled over cells: the matrix of subjects and behaviours, and the rows of pictures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peerpact.design.cells import Cell
from peerpact.report.results import CellEstimate, Results
from peerpact.report.situations import (
    behaviours,
    control,
    kind,
    label,
    measured,
    order,
    relationship,
)
from peerpact.scenarios.load import load
from peerpact.scoring.score import COMPLETED, REFUSED
from peerpact.statistics import Bounds, Interval, anytime_combination, bounds, rate

__all__ = [
    "Pooled",
    "Square",
    "behaviour_of",
    "leads",
    "matrix",
    "matrix_rows",
    "pool",
    "pooled_by",
    "pooled_row",
]

REFUSAL = "refusal"
STAKES = "stakes"


@dataclass(frozen=True, slots=True)
class Pooled:
    """Counts of one outcome over some cells; the interval is for exactly these cells."""

    series: str
    cells: tuple[str, ...]
    runs: int
    scored: int
    hits: int
    refused: int
    seen: int
    interval: Interval
    worst: Bounds
    truth: float | None
    """The known rate, where every cell has one."""

    @property
    def unscorable(self) -> int:
        """Runs without a score that were not refused."""
        return self.runs - self.scored - self.refused


@dataclass(frozen=True, slots=True)
class Square:
    """One square of the matrix: a subject's rates of a behaviour, by relationship."""

    subject: str
    behaviour: str
    rows: tuple[Pooled, ...]
    control: Pooled | None = None
    """The same with nothing at stake."""


def behaviour_of(cell: Cell) -> str:
    """Return the behaviour that a cell's scenario measures."""
    return load(cell.scenario).spec.behaviour


def leads(results: Results) -> list[CellEstimate]:
    """Return the estimates of primary outcomes, without capability controls."""
    return [e for e in results.cells if e.primary and not e.cell.capability]


def pool(series: str, found: Sequence[CellEstimate]) -> Pooled:
    """Put estimates of one outcome together."""
    runs, scored = sum(e.runs for e in found), sum(e.scored for e in found)
    hits, seen = sum(e.hits for e in found), sum(e.seen for e in found)
    return Pooled(
        series=series,
        cells=tuple(e.cell.id for e in found),
        runs=runs,
        scored=scored,
        hits=hits,
        refused=sum(e.refused for e in found),
        seen=seen,
        interval=_estimate(found, [(e.hits, e.scored) for e in found]),
        worst=bounds(hits, scored, runs, seen),
        truth=_truth(found),
    )


def _estimate(found: Sequence[CellEstimate], counts: Sequence[tuple[int, int]]) -> Interval:
    """Return the rate over these cells.

    Where a rule may end a cell, the more often it shows the outcome the fewer runs it has: there each cell counts
    alike, and the limits hold at every look.
    """
    hits, scored = zip(*([c for c in counts if c[1]] or counts), strict=True)
    if not _watched(found):
        return rate(sum(hits), sum(scored))
    return anytime_combination([1 / len(hits)] * len(hits), hits, scored)


def _watched(found: Iterable[CellEstimate]) -> bool:
    return any(e.watched is not None for e in found)


def pooled_by(found: Iterable[CellEstimate], series: Callable[[Cell], str]) -> list[Pooled]:
    """Pool estimates under a name that their cells have, in the order of situations."""
    groups: dict[str, list[CellEstimate]] = defaultdict(list)
    for e in found:
        groups[series(e.cell)].append(e)
    return [pool(name, groups[name]) for name in sorted(groups, key=order)]


def matrix(results: Results) -> tuple[Square, ...]:
    """Return the matrix, row by row; a square without runs has no rows."""
    groups: dict[tuple[str, str], list[CellEstimate]] = defaultdict(list)
    controls: dict[tuple[str, str], list[CellEstimate]] = defaultdict(list)
    for e in leads(results):
        if measured(e.cell):
            groups[e.subject, behaviour_of(e.cell)].append(e)
            groups[e.subject, REFUSAL].append(e)
        elif control(e.cell) == STAKES and kind(e.cell) == "ai":
            controls[e.subject, behaviour_of(e.cell)].append(e)
    decided = _decided(results)
    return tuple(
        Square(s.name, b, _refusals(groups[s.name, b], decided))
        if b == REFUSAL
        else _square(s.name, b, groups[s.name, b], controls[s.name, b])
        for s in results.subjects
        for b in behaviours()
    )


def matrix_rows(squares: Iterable[Square]) -> list[dict[str, Any]]:
    """Return the matrix as flat rows, for programs."""
    return [
        {"subject": square.subject, "behaviour": square.behaviour, **pooled_row(row)}
        for square in squares
        for row in (*square.rows, *([square.control] if square.control else []))
    ]


def pooled_row(p: Pooled) -> dict[str, Any]:
    """Return pooled counts as a flat row."""
    return {
        "series": p.series,
        "rate": p.interval.value,
        "low": p.interval.low,
        "high": p.interval.high,
        "hits": p.hits,
        "scored": p.scored,
        "runs": p.runs,
        "worst_low": p.worst.lowest,
        "worst_high": p.worst.highest,
        "cells": len(p.cells),
    }


def _square(
    subject: str, behaviour: str, found: Sequence[CellEstimate], controls: Sequence[CellEstimate]
) -> Square:
    against = pool(label(STAKES), controls) if controls else None
    return Square(subject, behaviour, tuple(pooled_by(found, relationship)), against)


def _decided(results: Results) -> Mapping[tuple[str, str], int]:
    """Return the runs of each place that either ended well or were refused; of others nobody can tell."""
    known = (run for run in results.runs if run.ending in {COMPLETED, REFUSED})
    return Counter((run.subject, run.cell) for run in known)


def _refusals(
    found: Sequence[CellEstimate], decided: Mapping[tuple[str, str], int]
) -> tuple[Pooled, ...]:
    """Return refusals as rates of their own, over the runs that were done or refused."""
    groups: dict[str, list[CellEstimate]] = defaultdict(list)
    for e in found:
        groups[relationship(e.cell)].append(e)
    return tuple(_refusal(name, groups[name], decided) for name in sorted(groups, key=order))


def _refusal(
    name: str, found: Sequence[CellEstimate], decided: Mapping[tuple[str, str], int]
) -> Pooled:
    runs, refused = sum(e.runs for e in found), sum(e.refused for e in found)
    counts = [(e.refused, decided.get((e.subject, e.cell.id), 0)) for e in found]
    known = sum(runs for _, runs in counts)
    return Pooled(
        series=name,
        cells=tuple(e.cell.id for e in found),
        runs=runs,
        scored=known,
        hits=refused,
        refused=0,
        seen=0,
        interval=_estimate(found, counts),
        worst=bounds(refused, known, runs),
        truth=None,
    )


def _truth(found: Sequence[CellEstimate]) -> float | None:
    alike = _watched(found)
    known = [
        (e.truth, min(e.scored, 1) if alike else e.scored) for e in found if e.truth is not None
    ]
    total = sum(n for _, n in known)
    if len(known) < len(found) or not total:
        return None
    return sum(truth * n for truth, n in known) / total
