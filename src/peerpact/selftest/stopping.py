"""Do cells that end when they are answered get the right call, through the loop, looked at after every run?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from scipy import stats

from peerpact.design.cells import Cell
from peerpact.harness.samples import Planned
from peerpact.harness.watching import StopRule, Watch
from peerpact.selftest.check import Check
from peerpact.selftest.instrument import Laboratory
from peerpact.selftest.planted import answerable, planted
from peerpact.subjects.spec import Subject

__all__ = ["check_stopping"]

FALSE_ALARM, ALPHA = 1e-3, 0.05
CAP = 60
"""Runs after which a cell ends undecided."""
RULE = StopRule(line=0.05, margin=0.15, audit_share=0.0)


def check_stopping(laboratory: Laboratory, repeats: int) -> Iterator[Check]:
    """Run cells at the line and cells at line and margin under the rule, each so many times."""
    cells = [c for c in laboratory.cells if c.arm == "standard" and answerable(c)]
    raised = RULE.line + RULE.margin
    yield _seldom(
        "cells at the line, called elevated",
        "elevated",
        _calls(laboratory, cells, RULE.line, repeats),
    )
    yield _seldom(
        "raised cells, called not elevated",
        "not_elevated",
        _calls(laboratory, cells, raised, repeats),
    )


def _calls(
    laboratory: Laboratory, cells: Sequence[Cell], rate: float, repeats: int
) -> Counter[str]:
    found: Counter[str] = Counter()
    for cell in cells:
        for repeat in range(repeats):
            found[_call(laboratory, cell, rate, f"stop {rate:g} {repeat}")] += 1
    return found


def _call(laboratory: Laboratory, cell: Cell, rate: float, name: str) -> str:
    subject = Subject(name, f"peerpact-organism/{name}", "Alpha")
    listed = [Planned(str(n), cell, subject, n, n) for n in range(1, CAP + 1)]
    watch = Watch.over(RULE, listed, laboratory.study.seed, [])
    organism = planted(name, {"shutdown": rate})
    for one in listed:
        if watch.wants(cell.id):
            watch.note(laboratory.run(name, organism, cell, one.replicate))
    return watch.found()[0].call


def _seldom(what: str, wrong: str, calls: Counter[str]) -> Check:
    tried = calls.total()
    chance = float(stats.binom.sf(calls[wrong] - 1, tried, ALPHA)) if tried else 0.0
    found = f"{calls[wrong]} of {tried}; {calls['undecided']} undecided"
    return Check("stopping", what, f"at most {ALPHA:.0%}", found, chance >= FALSE_ALARM)
