"""Run a study: for each subject the runs that are missing, block by block, into one journal.

The journal says what is done. The same command after a kill makes only what is missing; every run is counted by
its identity, never by the status that Inspect gives a log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from peerpact import __version__
from peerpact.alone import alone
from peerpact.design.cells import Cell, spread, taken
from peerpact.design.compiler import compile_study
from peerpact.design.journal import PROVIDER_ERROR, Journal, read_runs
from peerpact.design.record import Run
from peerpact.design.stopped import write_watched
from peerpact.design.study import Study
from peerpact.errors import SubjectError
from peerpact.harness.alike import check_alike
from peerpact.harness.budget import StudyBudget, cost_of
from peerpact.harness.context import Asked, Collector, Price
from peerpact.harness.fitting import fitting
from peerpact.harness.forecast import TOKENS_PER_VERDICT
from peerpact.harness.samples import Planned, plan
from peerpact.harness.watching import Watch
from peerpact.scenarios import probing
from peerpact.scenarios.load import load
from peerpact.subjects.scripts import check_scripts
from peerpact.subjects.spec import Subject, price
from peerpact.text import counted, form

__all__ = ["BLOCK", "CONCURRENT", "Options", "Schedule", "free_folder", "run", "schedule"]

BLOCK = 200
"""Runs in one block: large enough to bury the start of an evaluation, small enough to keep memory flat."""
WITHOUT_RECORD = "they ended without a record; give the same command again"
CONCURRENT = {"peerpact-organism": 20, "peerpact-judge": 20, "peerpact-local": 1}


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a study, beside what the study says."""

    runs: int | None = None
    """Runs a cell, instead of the study's."""
    cells: int | None = None
    """Only this many cells for each subject, spread over the scenarios."""
    connections: int = 10
    """Answers asked of a provider at once."""
    max_tokens: int | None = None
    """Tokens that the whole study may use."""
    max_cost: float | None = None
    """US dollars that the whole study may use."""
    judge: Subject | None = None
    """Who is asked whether a run without the owed act openly declined."""
    retry_errors: bool = False
    """Make the runs again that a provider's error ended."""
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """US dollars per million tokens in and out, by subject or judge, where the catalogue has none."""

    def price(self, subject: Subject) -> tuple[float, float] | None:
        """Return the price of a subject or of the judge; None is unknown."""
        return self.prices.get(subject.name) or price(subject)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that a study will do, before it does it."""

    study: Study
    cells: tuple[Cell, ...]
    planned: Mapping[Subject, tuple[Planned, ...]] = field(default_factory=dict)

    left_out: tuple[str, ...] = ()
    """Cells that are none for a subject, with the reason; one line a subject and reason."""

    @property
    def total(self) -> int:
        """Runs over all subjects."""
        return sum(len(runs) for runs in self.planned.values())


def schedule(study: Study, subjects: Sequence[Subject], options: Options) -> Schedule:
    """Expand a study, prove its contrasts, and list every run.

    Raises:
        StudyError: A cell, a contrast or a subject's arm is wrong.
    """
    compiled = compile_study(study)
    entries = {entry.name: entry for entry in study.subjects}
    planned: dict[Subject, tuple[Planned, ...]] = {}
    left_out: list[str] = []
    for named in subjects:
        entry = entries.get(named.name)
        subject = named.capped(entry.turns) if entry and entry.turns else named
        able = [cell for cell in compiled.cells if not cell.needs]
        fit, unfit = fitting(taken(study, able, subject.name), subject)
        left_out += unfit
        runs = options.runs or study.runs_for(subject.name)
        own = spread(study, fit, options.cells)
        planned[subject] = tuple(plan(own, subject, runs, study.seed, wordings=study.wordings))
        _check_playable(planned[subject], study.probes)
    return Schedule(study, tuple(compiled.cells), planned, tuple(left_out))


def _check_playable(planned: Sequence[Planned], probes: Sequence[str]) -> None:
    """Check what a run would stumble over: the scripts of each scenario, and the probes in each cell."""
    cells = {p.cell.id: p for p in planned}
    for one in {p.cell.scenario: p for p in cells.values()}.values():
        check_scripts(load(one.cell.scenario), one.scene)
    for one in cells.values():
        for probe in probes:
            probing.form(probe, one.scene, (), one.seed)


def run(
    scheduled: Schedule, folder: Path, options: Options, note: Callable[[Run], None]
) -> list[str]:
    """Make every run that the journal lacks.

    Args:
        scheduled: What to run.
        folder: The results folder.
        options: How.
        note: Called with every finished run.

    Returns:
        What went wrong, one line each; empty where every planned run has its record.

    Raises:
        ResultsError: The folder holds another study, another command adds to it, or the disk refuses.
        StudyError: It holds runs of other scenario files or other settings.
    """
    with alone(folder):
        return _run(scheduled, folder, options, note)


@dataclass(frozen=True, slots=True)
class _Command:
    """What all runs of one command share."""

    scheduled: Schedule
    journal: Journal
    options: Options
    note: Callable[[Run], None]
    budget: StudyBudget
    judge: Asked


def _run(
    scheduled: Schedule, folder: Path, options: Options, note: Callable[[Run], None]
) -> list[str]:
    journal = Journal.open(folder, scheduled.study, __version__, options.retry_errors)
    check_alike((p for planned in scheduled.planned.values() for p in planned), folder)
    budget = StudyBudget(options.max_tokens, options.max_cost)
    tokens, dollars = journal.spent
    budget.start((tokens, dollars + _priced(journal, scheduled.planned, options)))
    judge = Asked(_price(options, options.judge), budget, longest=TOKENS_PER_VERDICT)
    command = _Command(scheduled, journal, options, note, budget, judge)
    return [line for subject in scheduled.planned for line in _measured(subject, command)]


def _measured(subject: Subject, command: _Command) -> Iterator[str]:
    """Make the missing runs of a subject, and yield what went wrong."""
    journal, budget, planned = command.journal, command.budget, command.scheduled.planned[subject]
    asked, budget.full = Asked(_price(command.options, subject), budget), ""
    provider = asked.provider
    watch = _watch(command.scheduled.study, planned, journal)
    lacking = ""
    try:
        _subject(subject, command, asked, watch)
    except SubjectError as e:
        lacking = str(e)
    if watch is not None:
        write_watched(journal.folder, watch.found())
    left = sum(p.identity not in journal.done and _wanted(watch, p) for p in planned)
    if left:
        why = lacking or provider.halted or budget.closed or WITHOUT_RECORD
        lost = f"{left} of {counted(len(planned), 'run')} {form(left, 'is', 'are')} missing"
        yield f"{subject.name}: {lost}: {why}"
    failures = [journal.failures[p.identity] for p in planned if p.identity in journal.failures]
    if failures and not provider.halted:
        ended, those = counted(len(failures), "run"), form(len(failures), "it", "them")
        yield (
            f"{subject.name}: an error of the provider ended {ended} ({failures[-1]}); "
            f"--retry-errors makes {those} again"
        )


def _priced(journal: Journal, subjects: Iterable[Subject], options: Options) -> float:
    """Return the US dollars of runs whose price is known only now."""
    costs = (cost_of(options.price(s), *journal.unpriced.get(s.name, (0, 0))) for s in subjects)
    return sum(cost for cost in costs if cost is not None)


def _watch(study: Study, planned: Sequence[Planned], journal: Journal) -> Watch | None:
    """Watch the runs of a subject, and write down each cell's state, first and whenever it changes."""
    if study.stop is None or not planned:
        return None
    folder = journal.folder
    made = (run for run in read_runs(folder) if run.identity in journal.done)
    watch = Watch.over(study.stop, planned, study.seed, made)
    write_watched(folder, watch.found())
    watch.changed = partial(write_watched, folder)
    return watch


def _wanted(watch: Watch | None, planned: Planned) -> bool:
    return watch is None or watch.wants(planned.cell.id)


def _subject(subject: Subject, command: _Command, asked: Asked, watch: Watch | None) -> None:
    from peerpact.harness.block import Block, run_block  # Inspect takes seconds to import

    journal, options, provider = command.journal, command.options, asked.provider
    planned = command.scheduled.planned[subject]
    missing = [p for p in planned if p.identity not in journal.done]
    gate = [p for p in missing if p.cell.capability]
    rest = [p for p in missing if not p.cell.capability]

    def take(record: Run) -> None:
        journal.append(record)
        provider.ended(record.detail if record.ending == PROVIDER_ERROR else "")
        if watch is not None:
            watch.note(record)
        command.note(record)

    connections = CONCURRENT.get(subject.provider, options.connections)
    probes = command.scheduled.study.probes
    for block in (*_blocks(gate), *_blocks(rest)):
        part = tuple(p for p in block if _wanted(watch, p))
        if provider.halted or asked.budget.closed:
            return
        if not part:
            continue
        logs = free_folder(journal.folder, subject)
        name = str(logs.relative_to(journal.folder))
        run_block(
            Block(subject, part, logs, connections, options.judge, watch, probes),
            Collector(take, asked, command.judge, name),
        )


def _price(options: Options, asked: Subject | None) -> Price:
    return partial(cost_of, options.price(asked) if asked is not None else None)


def _blocks(planned: Sequence[Planned]) -> Iterator[tuple[Planned, ...]]:
    for start in range(0, len(planned), BLOCK):
        yield tuple(planned[start : start + BLOCK])


def free_folder(folder: Path, subject: Subject) -> Path:
    """Return a log folder of a subject that no evaluation has written to."""
    parent = folder / "logs" / subject.name.replace("/", "_").replace(os.sep, "_")
    taken = len(list(parent.glob("*"))) if parent.exists() else 0
    return parent / f"{taken + 1:03}"
