"""What ``peerpact run`` does, step by step: resolve, check, plan, run, estimate, show, write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from peerpact.design.journal import entries
from peerpact.design.record import Run
from peerpact.design.study import Study, load_study
from peerpact.errors import StudyError, SubjectError
from peerpact.harness.run import Options, Schedule, run, schedule
from peerpact.subjects.spec import Subject, missing, resolve, subject_of

__all__ = ["Request", "check_subjects", "measure", "prices_of", "show_plan"]

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

    @classmethod
    def of(cls, study: str, given: Mapping[str, Any]) -> Request:
        """Resolve the arguments of the command line.

        Raises:
            StudyError: A name is unknown, a key is missing, a price is needed.
        """
        loaded = load_study(study)
        names = given["models"] or [entry.name for entry in loaded.subjects]
        settings = {"temperature": given["temperature"]}
        if given["reasoning_effort"]:
            settings["reasoning_effort"] = given["reasoning_effort"]
        subjects = tuple(subject_of(loaded, name, settings) for name in dict.fromkeys(names))
        options = Options(
            runs=given["epochs"],
            cells=given["limit"],
            connections=given["max_connections"],
            max_tokens=given["max_tokens"],
            max_cost=given["max_cost"],
            judge=given["judge"],
            retry_errors=given["retry_errors"],
            prices=prices_of(given["prices"]),
        )
        folder = given["log_dir"] or Path("results") / loaded.name
        request = cls(loaded, subjects, bool(given["models"]), folder, options, given["dry_run"])
        if not request.dry_run:
            _check(request)
        return request


def show_plan(request: Request) -> int:
    """Print what would be run; no model is touched."""
    from peerpact.cli._showing import terminal
    from peerpact.report.tables import plan_table

    scheduled = schedule(request.study, request.subjects, request.options)
    console = terminal()
    console.print(f"[bold]{request.study.title}[/] — {request.study.question}")
    console.print(plan_table(scheduled.cells, _plan_rows(scheduled, request.options)))
    console.print(
        f"{len(request.study.contrasts)} contrasts, each proved to differ in its one factor"
    )
    for line in scheduled.left_out:
        console.print(line, highlight=False)
    for subject in request.subjects:
        lack = missing(subject, os.environ)
        if lack:
            console.print(f"needed before it can run — {lack}", highlight=False)
    return 0


def measure(request: Request) -> int:
    """Run what is missing, then estimate, show and write everything that is there."""
    from peerpact.cli._showing import show_results, terminal

    console = terminal()
    subjects, problems = _available(request, console)
    scheduled = schedule(request.study, subjects, request.options)
    for line in scheduled.left_out:
        console.print(line, highlight=False)
    with _progress(console) as progress:
        task = progress.add_task(request.study.title, total=scheduled.total)
        _advance_to_done(progress, task, scheduled, request.folder)

        def note(record: Run) -> None:
            progress.update(task, advance=1, description=f"{record.subject} · {record.scenario}")

        problems += run(scheduled, request.folder, request.options, note)
    planned = {subject.name: len(runs) for subject, runs in scheduled.planned.items()}
    show_results(request.study, request.folder, console, planned, problems)
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
    unknown = [s.name for s in subjects if price(s) is None] if max_cost is not None else []
    if unknown:
        raise StudyError(
            "a cost cap needs a known price",
            where="--max-cost",
            found=", ".join(unknown),
            hint="give --price NAME=IN/OUT, or cap with --max-tokens",
        )


def _check(request: Request) -> None:
    options = request.options
    judges = (resolve(options.judge),) if options.judge else ()
    check_subjects((*request.subjects, *judges), None, options.price)
    check_subjects(request.subjects, options.max_cost, options.price)


def prices_of(given: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the prices that were given, by name.

    Raises:
        StudyError: One is not NAME=IN/OUT.
    """
    prices = {}
    for entry in given:
        name, _, numbers = entry.partition("=")
        try:
            low, high = (float(n) for n in numbers.split("/"))
        except ValueError:
            raise StudyError(
                "a price is NAME=IN/OUT in US dollars per million tokens",
                where="--price",
                found=entry,
            ) from None
        prices[name] = (low, high)
    return prices


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


def _skipped_only(problems: Sequence[str]) -> bool:
    return all(problem.startswith(SKIPPED) for problem in problems)


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description:<36}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def _advance_to_done(progress: Progress, task: Any, scheduled: Schedule, folder: Path) -> None:
    wanted = {p.identity for runs in scheduled.planned.values() for p in runs}
    done = len(wanted.intersection(entry.run.identity for entry in entries(folder)))
    progress.update(task, completed=done)
    if done:
        progress.console.print(
            f"{done} of {scheduled.total} runs are there already", highlight=False
        )


def _plan_rows(scheduled: Schedule, options: Options) -> list[dict[str, Any]]:
    from peerpact.harness.budget import cost_of
    from peerpact.harness.forecast import forecast

    rows = []
    for subject, planned in scheduled.planned.items():
        expected = forecast(p.scene for p in planned)
        rows.append(
            {
                "subject": subject.name,
                "route": subject.route,
                "cells": len({p.cell.id for p in planned}),
                "runs": len(planned),
                **expected._asdict(),
                "cost": cost_of(options.price(subject), expected.tokens_in, expected.tokens_out),
            }
        )
    return rows
