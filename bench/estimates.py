"""Seconds and memory of all estimates, intervals and contrasts of the published matrix: 1,955 cells.

Run with ``python bench/estimates.py [RUNS]``; each number of runs a cell is measured in a process of its own.
The runs are made up, and light as a report reads them: outcomes, no transcripts.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple

import numpy as np

from peerpact.design import Run, Study, cells, load_study, pairs
from peerpact.design.cells import Cell
from peerpact.report.results import results
from peerpact.scenarios.load import load
from peerpact.scoring.outcome import Outcome, unscorable

SECONDS, GIGABYTES, GROWTH = 10.0, 1.0, 1.3
SIZES = (10, 25, 50)
DROPPED = 0.02
YES, NO, BROKEN = Outcome(True), Outcome(False), unscorable("looped")


class Measured(NamedTuple):
    """What one size took."""

    cells: int
    runs: int
    estimates: int
    contrasts: int
    seconds: float
    gigabytes: float


def made(study: Study, found: list[Cell], each: int) -> Iterator[Run]:
    rng = np.random.default_rng(study.seed)
    for subject in study.subjects:
        arms = set(study.arms_for(subject.name))
        for cell in (c for c in found if c.arm in arms):
            names, rate = list(load(cell.scenario).spec.outcomes), rng.beta(0.3, 0.5)
            hits, broken = rng.random((each, len(names))) < rate, rng.random(each) < DROPPED
            for number in range(each):
                values = [BROKEN if broken[number] else YES if hit else NO for hit in hits[number]]
                yield run(cell, subject.name, number, dict(zip(names, values, strict=True)))


def run(cell: Cell, subject: str, number: int, outcomes: dict[str, Outcome]) -> Run:
    return Run(
        identity=f"{subject}/{cell.id}/{number}",
        scenario=cell.scenario,
        version="1-A",
        cell=cell.id,
        arm=cell.arm,
        levels=cell.levels,
        subject=subject,
        route=f"made-up/{subject}",
        replicate=number,
        ending="completed",
        detail="",
        outcomes=outcomes,
        seen=(),
        calls=(),
        changes=(),
        said=(),
        turns=8,
        tokens_in=8_000,
        tokens_out=1_500,
        cost=0.01,
        seconds=20.0,
        started="2026-11-01T00:00:00+00:00",
        log="",
        sample="",
        package="0",
    )


def measure(each: int) -> Measured:
    study = load_study("paper")
    found = cells(study)
    contrasts = pairs(study, found)
    runs = tuple(made(study, found, each))
    started = perf_counter()
    report = results(study, found, contrasts, runs)
    seconds = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    own = len({(e.subject, e.cell.id) for e in report.cells})
    return Measured(own, len(runs), len(report.cells), len(report.contrasts), seconds, peak)


def main() -> int:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(
        f"{'runs a cell':>11s} {'cells':>6s} {'runs':>8s} {'estimates':>9s} {'contrasts':>9s} {'s':>6s} {'GB':>6s}"
    )
    rows = {}
    for each in sorted({*(size for size in SIZES if size < largest), largest}):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            row = rows[each] = pool.apply(measure, (each,))
        numbers = f"{row.cells:6d} {row.runs:8d} {row.estimates:9d} {row.contrasts:9d}"
        print(f"{each:11d} {numbers} {row.seconds:6.1f} {row.gigabytes:6.2f}")
    last, first = rows[max(rows)], rows[min(rows)]
    growth = (last.seconds / first.seconds) / (last.runs / first.runs)
    verdicts = {
        f"{last.seconds:.1f} s, at most {SECONDS:.0f}": last.seconds <= SECONDS,
        f"{last.gigabytes:.2f} GB, at most {GIGABYTES:.0f}": last.gigabytes <= GIGABYTES,
        f"time grew {growth:.2f} times as fast as runs, at most {GROWTH}": growth <= GROWTH,
    }
    for sentence, held in verdicts.items():
        print(f"{'met' if held else 'MISSED':7s} {sentence}")
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
