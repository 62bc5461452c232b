"""What ``peerpact run`` does, step by step: resolve, check, plan, run, estimate, show, write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Task as ProgressTask
from rich.text import Text

from peerpact import __version__
from peerpact.cli._command import Command
from peerpact.cli._prices import prices
from peerpact.design.journal import UNFINISHED, claim, entries
from peerpact.design.record import Run
from peerpact.design.stopped import StopRule, check_exchangeable
from peerpact.design.study import Study, load_study
from peerpact.errors import StudyError, SubjectError
from peerpact.harness.run import Options, Schedule, run, schedule
from peerpact.scenarios.load import parse
from peerpact.subjects.spec import Subject, missing, resolve, subject_of
from peerpact.text import counted, form

__all__ = ["Request", "check_subjects", "measure", "show_plan"]

LOCAL = "peerpact-local"


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for, resolved."""

    study: Study
    subjects: tuple[Subject, ...]
    named: bool
    """Whether the user named the subjects."""
    folder: Path
    options: Options
    dry_run: bool
    command: Command
    """What asks for the same again."""

    @classmethod
    def of(cls, study: str, given: Mapping[str, Any], command: Command) -> Request:
        """Resolve the arguments of the command line.

        Raises:
            StudyError: A name is unknown, a key is missing, a price is needed.
        """
        loaded = _stopping(load_study(study), given).asking(given["probes"])
        names = given["models"] or [entry.name for entry in loaded.subjects]
        if not names:
            hint = "add --model NAME, or name one under subjects"
            raise StudyError("this study names no subject", where=loaded.at("subjects"), hint=hint)
        settings = {"temperature": given["temperature"]}
        if given["reasoning_effort"]:
            settings["reasoning_effort"] = given["reasoning_effort"]
        subjects = tuple(subject_of(loaded, name, settings) for name in dict.fromkeys(names))
        judge = resolve(given["judge"]) if given["judge"] else None
        options = Options(
            runs=given["epochs"],
            cells=given["limit"],
            connections=given["max_connections"],
            max_tokens=given["max_tokens"],
            max_cost=given["max_cost"],
            judge=judge,
            retry_errors=given["retry_errors"],
            prices=prices(given["prices"], [asked.name for asked in _asked(subjects, judge)]),
        )
        folder = given["log_dir"] or Path("results") / loaded.name
        request = cls(
            loaded,
            subjects,
            bool(given["models"]),
            folder,
            options,
            given["dry_run"],
            command,
        )
        asked = _asked(subjects, judge)
        check = check_prices if request.dry_run else check_subjects
        check(asked, options.max_cost, options.price)
        return request


def _stopping(study: Study, given: Mapping[str, Any]) -> Study:
    """Return the study with the stopping rule that the command line asks for, in place of its own.

    Raises:
        StudyError: A part of a rule is given without one, or the rule makes no sense.
    """
    question = given["stop"] or (study.stop.question if study.stop else None)
    parts = {name: given[name] for name in ("line", "margin", "width") if given[name] is not None}
    if given["exchangeable"]:
        parts["exchangeable"] = given["exchangeable"]
    if question in {None, "never"}:
        if parts:
            hint = "add --stop decision or --stop precision"
            raise StudyError("there is no stopping rule", where=f"--{next(iter(parts))}", hint=hint)
        return study.model_copy(update={"stop": None})
    own = study.stop.model_dump() if study.stop else {}
    rule = parse(StopRule, {**own, "question": question, **parts}, Path("--stop"))
    check_exchangeable(rule, study.scenarios)
    return study.model_copy(update={"stop": rule})


def show_plan(request: Request) -> int:
    """Print what would be run; no model is touched."""
    from peerpact.cli._plan_tables import show
    from peerpact.cli._planning import Planning
    from peerpact.cli._showing import terminal

    options = request.options
    planning = Planning.of(
        request.study,
        request.subjects,
        runs=options.runs,
        limit=options.cells,
        prices=options.prices,
    )
    console = terminal()
    show(console, planning)
    if options.judge is not None:
        console.print(_judging(options.judge, options), highlight=False, soft_wrap=True)
        lack = missing(options.judge, os.environ)
        if lack:
            console.print(f"needed before it can run: {lack}", highlight=False, soft_wrap=True)
    return 0


def _judging(judge: Subject, options: Options) -> str:
    """Say what the plan cannot count: how many runs will lack the owed act, nobody knows beforehand."""
    known = options.price(judge)
    price = "price unknown" if known is None else "${:,g} in, ${:,g} out a million".format(*known)
    return (
        f"judge: {judge.name} is asked about every run that lacks the owed act, which is not in the table; "
        f"what it uses ({price}) counts into --max-cost and --max-tokens"
    )


def measure(request: Request) -> int:
    """Run what is missing, then estimate, show and write everything that is there."""
    from peerpact.cli._showing import show_results, terminal

    console = terminal()
    subjects, problems = _available(request, console)
    scheduled = schedule(request.study, subjects, request.options)
    for line in scheduled.left_out:
        console.print(line, highlight=False)
    unknown = claim(request.folder, request.study, __version__)
    if unknown:
        console.print(unknown, highlight=False, markup=False, soft_wrap=True)
    with _progress(console) as progress:
        task = progress.add_task(request.study.title, total=scheduled.total)
        _advance_to_done(progress, task, scheduled, request.folder)

        def note(record: Run) -> None:
            progress.update(task, advance=1, description=f"{record.subject} · {record.scenario}")

        problems += run(scheduled, request.folder, request.options, note)
    planned = {subject.name: len(runs) for subject, runs in scheduled.planned.items()}
    show_results(request.study, request.folder, console, planned, problems, request.command)
    return 1 if problems and not _skipped_only(problems) else 0


def check_subjects(
    subjects: Sequence[Subject],
    max_cost: float | None,
    price: Callable[[Subject], tuple[float, float] | None],
) -> None:
    """Refuse to start what could not be finished.

    Raises:
        StudyError: A key or a package is missing, or a cost cap meets an unknown price.
    """
    lacks = [lack for subject in subjects if (lack := missing(subject, os.environ))]
    if lacks:
        raise StudyError("\n  ".join(["nothing was started:", *lacks]))
    check_prices(subjects, max_cost, price)


def check_prices(
    subjects: Sequence[Subject],
    max_cost: float | None,
    price: Callable[[Subject], tuple[float, float] | None],
) -> None:
    """Refuse a cap on money where nobody knows what an answer costs.

    Raises:
        StudyError: A cost cap meets an unknown price.
    """
    unknown = [s.name for s in subjects if price(s) is None] if max_cost is not None else []
    if unknown:
        raise StudyError(
            "a cost cap needs a known price",
            where="--max-cost",
            found=", ".join(unknown),
            hint="give --price NAME=IN/OUT, or cap with --max-tokens",
        )


def _asked(subjects: Sequence[Subject], judge: Subject | None) -> tuple[Subject, ...]:
    """Return every model that is asked, each name once."""
    everybody = (*subjects, *((judge,) if judge is not None else ()))
    return tuple({subject.name: subject for subject in everybody}.values())


def _available(request: Request, console: Console) -> tuple[tuple[Subject, ...], list[str]]:
    """Fetch local weights; a subject that cannot be had is left out, and said."""
    from peerpact.subjects.weights import fetch

    kept, problems = [], []
    for subject in request.subjects:
        try:
            if subject.provider == LOCAL:
                fetch(subject.route.split("/", 1)[1], say=console.print)
            kept.append(subject)
        except SubjectError as e:
            if request.named:
                raise
            console.print(f"{subject.name} is left out: {e}", highlight=False)
            problems.append(f"{SKIPPED} {subject.name}: {e}")
    return tuple(kept), problems


SKIPPED = "left out:"
QUIET = 60
"""Seconds without a finished run after which that is said."""


def _skipped_only(problems: Sequence[str]) -> bool:
    return all(problem.startswith(SKIPPED) for problem in problems)


class _Silence(ProgressColumn):
    """Says when no run has ended for a while: a provider that fails is asked again, ever more slowly."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[int, tuple[float, float]] = {}

    def render(self, task: ProgressTask) -> Text:
        now = task.get_time()
        done, since = self._seen.get(task.id, (-1.0, now))
        if task.completed != done:
            done, since = task.completed, now
        self._seen[task.id] = done, since
        quiet = int(now - since)
        return Text(f"no run has ended for {quiet} s" if quiet >= QUIET else "")


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description:<36}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _Silence(),
    )
    return Progress(*columns, console=console, transient=True)


def _advance_to_done(progress: Progress, task: Any, scheduled: Schedule, folder: Path) -> None:
    wanted = {p.identity for runs in scheduled.planned.values() for p in runs}
    made = (entry.run for entry in entries(folder))
    done = len(wanted.intersection(r.identity for r in made if r.ending not in UNFINISHED))
    progress.update(task, completed=done)
    if done:
        progress.console.print(
            f"{done} of {counted(scheduled.total, 'run')} {form(done, 'is', 'are')} there already",
            highlight=False,
        )
