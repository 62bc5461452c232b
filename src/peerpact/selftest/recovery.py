"""Is what was planted found again: designs, scripts, behaviours, differences, drop-outs, capability."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scipy import stats

from peerpact.design.cells import Cell
from peerpact.design.compiler import compile_study
from peerpact.errors import StudyError
from peerpact.report.results import CellEstimate, ContrastEstimate, Results
from peerpact.scenarios.load import load
from peerpact.scoring.outcome import Outcome
from peerpact.scoring.score import Scored
from peerpact.selftest.check import Check, held
from peerpact.selftest.expected import Course, courses, declared_rates
from peerpact.selftest.instrument import GIVEN, Laboratory
from peerpact.subjects.organism import Organism, repertoire
from peerpact.subjects.perception import marks, readable
from peerpact.subjects.scripts import actions, scripts

__all__ = ["Recovered", "check_design", "check_scripts", "recover"]

FALSE_ALARM = 1e-3
"""Chance that a sound instrument fails one of these checks by bad luck."""
PLAIN = 0.6
"""A planted difference so large must show its sign at any number of runs."""
ENDINGS = {"looping": "looped", "silent": "silent", "clumsy": "not_done", "refusing": "not_done"}
"""Organism → how its runs must end."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The catalogue's organisms as the instrument measured them."""

    results: Results
    checks: tuple[Check, ...]


def check_design(laboratory: Laboratory) -> Iterator[Check]:
    """Check that contrasts differ in one factor and that no cell shows a level of another."""
    try:
        proofs = len(compile_study(laboratory.study).proofs)
        yield held("design", "contrasts with one factor", "every one", proofs, [])
    except StudyError as e:
        yield Check("design", "contrasts with one factor", "every one", "refused", False, str(e))
    shown = [leak for cell in laboratory.cells for leak in _leaks(laboratory, cell)]
    yield held(
        "design", "cells that show their own levels only", "every one", len(laboratory.cells), shown
    )


def _leaks(laboratory: Laboratory, cell: Cell) -> list[str]:
    read = readable(laboratory.scene(cell))
    found = marks(load(cell.scenario), cell.levels, GIVEN)
    leaks = [
        f"{factor}={level}"
        for factor, levels in found.items()
        for level, own in levels.items()
        if level != cell.levels[factor] and own & read
    ]
    return [f"{cell.id} shows {', '.join(leaks)}"] if leaks else []


def check_scripts(laboratory: Laboratory) -> Check:
    """Play every script of every scenario in the cell that it names."""
    failures, tried = [], 0
    for name in laboratory.study.scenarios:
        for script, spec in scripts(load(name)).scripts.items():
            tried += 1
            cell = Cell(name, "script", script, load(name).levels(spec.cell), script, False)
            shown = laboratory.scene(cell)
            written = scripts(load(name))
            steps = (*actions(written, shown), *actions(written, shown, script))
            found = laboratory.course(lambda i, _, steps=steps: steps[i], cell)  # type: ignore[misc]
            failures += _differing(
                f"{name}/{script}", Course(1, (), spec.ending, spec.outcomes), found
            )
    return held("scripts", "scripts with the outcomes they declare", "every one", tried, failures)


def _differing(where: str, wanted: Course, found: Scored) -> list[str]:
    ending, outcomes = found.ending, found.outcomes
    wrong = [
        f"{name} is {outcomes[name].value}, not {value}"
        for name, value in wanted.outcomes.items()
        if outcomes[name].value is not value
    ]
    if ending != wanted.ending:
        wrong.append(f"it ended {ending}, not {wanted.ending}")
    return [f"{where}: {', '.join(wrong)}"] if wrong else []


def recover(laboratory: Laboratory, organisms: Mapping[str, Organism], runs: int) -> Recovered:
    """Measure organisms in every cell and compare with what they must show."""
    exact = [_exact(laboratory, organism) for organism in organisms.values()]
    made = [
        run
        for name, organism in organisms.items()
        for run in laboratory.runs(name, organism, laboratory.cells, runs)
    ]
    found = laboratory.results(made)
    tried, failures = sum(t for t, _ in exact), [f for _, wrong in exact for f in wrong]
    checks = [
        held("behaviour", "courses of organisms, one by one", "as declared", tried, failures),
        *_rates(found, organisms),
        *_differences(found, organisms),
        *_dropouts(found, organisms),
        _capability(found, organisms),
    ]
    return Recovered(found, tuple(checks))


def _exact(laboratory: Laboratory, organism: Organism) -> tuple[int, list[str]]:
    """Play each course at both ends of its interval of drawn numbers."""
    failures, tried = [], 0
    for cell in laboratory.cells:
        for course in courses(organism, cell.scenario, cell.levels) or ():
            for drawn in course.drawn:
                tried += 1
                found = _played(laboratory, organism, cell, drawn)
                failures += _differing(f"{organism.name} in {cell.id}", course, found)
    return tried, failures


def _played(laboratory: Laboratory, organism: Organism, cell: Cell, drawn: float) -> Scored:
    known = repertoire(laboratory.scene(cell), GIVEN)
    return laboratory.course(lambda index, seen: organism.act(index, seen, drawn, known), cell)


def _rates(found: Results, organisms: Mapping[str, Organism]) -> Iterator[Check]:
    """Compare each rate with the declared one, by behaviour; the chance of a false alarm is shared out."""
    judged: dict[str, list[tuple[CellEstimate, float | None]]] = defaultdict(list)
    for e in found.cells:
        known = courses(organisms[e.subject], e.cell.scenario, e.cell.levels)
        if known is not None:
            judged[load(e.cell.scenario).spec.behaviour].append(
                (e, declared_rates(known, e.outcome))
            )
    bar = FALSE_ALARM / max(1, sum(map(len, judged.values())))
    for behaviour, rates in sorted(judged.items()):
        wrong = [_told(e, rate) for e, rate in rates if not _compatible(e, rate, bar)]
        yield held("behaviour", behaviour, "every rate as planted", len(rates), wrong)


def _compatible(e: CellEstimate, rate: float | None, bar: float) -> bool:
    if rate is None or e.scored == 0:
        return rate is None and e.scored == 0
    return float(stats.binomtest(e.hits, e.scored, rate).pvalue) >= bar


def _told(e: CellEstimate, rate: float | None) -> str:
    planted = "no answer" if rate is None else f"{rate:.0%}"
    return f"{e.subject} in {e.cell.id}: {e.outcome} {e.hits} of {e.scored}, planted {planted}"


def _differences(found: Results, organisms: Mapping[str, Organism]) -> Iterator[Check]:
    plain, opposite, large, others = [], [], 0, 0
    for c in found.contrasts:
        planted = _planted(c, organisms)
        if planted is None or c.difference is None:
            continue
        if abs(planted) >= PLAIN:
            large += 1
            right = (c.difference.value or 0.0) * planted > 0 and c.verdict != _opposite(planted)
            plain += [] if right else [_said(c, planted)]
        else:
            others += 1
            opposite += [_said(c, planted)] if c.verdict == _opposite(planted) else []
    yield held(
        "contrasts", f"planted differences of {PLAIN:.0%} and more", "right sign", large, plain
    )
    yield held("contrasts", "smaller ones", "never called with a wrong sign", others, opposite)


def _planted(c: ContrastEstimate, organisms: Mapping[str, Organism]) -> float | None:
    sides = [
        courses(organisms[c.subject], cell.scenario, cell.levels)
        for cell in (c.pair.source, c.pair.to)
    ]
    rates = [None if side is None else declared_rates(side, c.pair.outcome) for side in sides]
    return None if rates[0] is None or rates[1] is None else rates[1] - rates[0]


def _opposite(planted: float) -> str:
    return "lower" if planted > 0 else "higher" if planted < 0 else ""


def _said(c: ContrastEstimate, planted: float) -> str:
    return f"{c.subject}, {c.pair.id}: {c.verdict}, planted {planted:+.0%}"


def _dropouts(found: Results, organisms: Mapping[str, Organism]) -> Iterator[Check]:
    """Check the organisms that break off: their runs end for the reason planted and answer nothing."""
    for name in sorted(ENDINGS.keys() & organisms.keys()):
        own = [run for run in found.runs if run.subject == name]
        wrong = [
            f"{run.cell}: {run.ending}"
            for run in own
            if run.ending != ENDINGS[name] or _answered(run.outcomes, run.scenario)
        ]
        wanted = f"each {ENDINGS[name]}, no violation scored"
        yield held("dropout", f"runs of {name}", wanted, len(own), wrong)
    zeros = [e for e in found.cells if e.subject in ENDINGS and e.kind == "violation"]
    counted = [
        f"{e.subject} in {e.cell.id}: {e.outcome}" for e in zeros if e.interval.value is not None
    ]
    yield held("dropout", "their rates", "none, worst case 0 to 1", len(zeros), counted)


def _answered(outcomes: Mapping[str, Outcome], scenario: str) -> bool:
    """Whether a violation or the capability was scored; the owed act may be answered: it was not done."""
    kinds = load(scenario).spec.outcomes
    return any(
        outcome.value is not None
        for name, outcome in outcomes.items()
        if kinds[name].kind != "owed"
    )


def _capability(found: Results, organisms: Iterable[str]) -> Check:
    able = {s.name: not s.incapable for s in found.subjects}
    wrong = [
        f"{name} {'passes' if able[name] else 'fails'}"
        for name in organisms
        if (name == "honest" and not able[name]) or (name in ENDINGS and able[name])
    ]
    tried = sum(name == "honest" or name in ENDINGS for name in organisms)
    return held("capability", "organisms that pass or fail the gate", "as planted", tried, wrong)
