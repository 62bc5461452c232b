"""Read what a results folder holds, estimate it, print it, write it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from peerpact.design.cells import Cell, cells
from peerpact.design.contrasts import pairs
from peerpact.design.journal import read_runs
from peerpact.design.record import Run
from peerpact.design.stopped import read_watched
from peerpact.design.study import Study
from peerpact.errors import PeerpactError
from peerpact.report.export import cell_row, contrast_row, document, write_csv, write_json
from peerpact.report.results import Results, results
from peerpact.report.tables import contrast_table, rate_table, subject_lines

__all__ = ["estimate", "gather", "show_results", "terminal"]


def terminal() -> Console:
    """Return the terminal; where output goes to a file there is no width to keep to."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=160)


def gather(study: Study, folder: Path, planned: Mapping[str, int] | None = None) -> Results:
    """Estimate everything that a results folder holds.

    Args:
        study: The study whose results they are.
        folder: The results folder.
        planned: Runs planned for each subject, where known.
    """
    return estimate(study, folder, tuple(read_runs(folder)), planned)


def estimate(
    study: Study, folder: Path, runs: Sequence[Run], planned: Mapping[str, int] | None
) -> Results:
    """Estimate runs of a results folder; an organism whose known rate cannot be computed is noted."""
    found = cells(study)
    names = dict.fromkeys(run.subject for run in runs if run.route.startswith(ORGANISMS))
    notes: tuple[str, ...] = ()
    try:
        truths = _truths(list(names), found)
    except PeerpactError as e:
        truths, notes = {}, (f"known rates of organisms cannot be computed: {e}",)
    made = results(
        study,
        found,
        pairs(study, found),
        runs,
        planned=planned,
        truths=truths,
        watched=read_watched(folder),
    )
    return replace(made, notes=(*made.notes, *notes))


def show_results(
    study: Study,
    folder: Path,
    console: Console,
    planned: Mapping[str, int],
    problems: Sequence[str],
) -> None:
    """Print tables and contrasts, write the files, name the next command."""
    found = gather(study, folder, planned)
    console.print(f"[bold]{study.title}[/] — {study.question}")
    for subject in found.subjects:
        console.print()
        console.print(rate_table(found, subject, console.width))
        for line in subject_lines(subject):
            console.print(line, highlight=False)
    if found.contrasts:
        console.print()
        console.print(contrast_table(found.contrasts))
    for text in (*found.notes, *problems):
        console.print(f"note: {text}", highlight=False)
    written = write(found, folder)
    console.print(
        f"\nfiles: {', '.join(str(path) for path in written)}", highlight=False, soft_wrap=True
    )
    console.print(
        f"logs:  inspect view --log-dir {folder / 'logs'}", highlight=False, soft_wrap=True
    )
    console.print(_next(study, found), highlight=False, soft_wrap=True)


def write(found: Results, folder: Path) -> list[Path]:
    """Write results as CSV, JSON and one page; return what was written."""
    from peerpact.report.beside import extras_beside
    from peerpact.report.page import write_page

    write_csv(folder / "cells.csv", [cell_row(e) for e in found.cells])
    write_csv(folder / "contrasts.csv", [contrast_row(c) for c in found.contrasts])
    write_json(folder / "results.json", document(found))
    write_page(folder / "report.html", found, extras=extras_beside(folder, found))
    names = ("report.html", "cells.csv", "contrasts.csv", "results.json", "runs.jsonl")
    return [folder / name for name in names if (folder / name).exists()]


ORGANISMS = "peerpact-organism/"


def _truths(
    organisms: Sequence[str], found: Sequence[Cell]
) -> dict[tuple[str, str], dict[str, float | None]]:
    from peerpact.harness.truth import true_rates
    from peerpact.scenarios.load import load
    from peerpact.subjects.organism import load_organism
    from peerpact.subjects.spec import resolve

    return {
        (name, cell.id): true_rates(
            load_organism(name), load(cell.scenario), cell.levels, {"vendor": resolve(name).vendor}
        )
        for name in organisms
        for cell in found
    }


def _next(study: Study, found: Results) -> str:
    keyless = all(s.route.startswith(("peerpact-",)) for s in found.subjects)
    if keyless:
        return f"next:  peerpact run {study.name} --model anthropic/claude-haiku-4-5 --dry-run"
    return f"next:  peerpact run {study.name} --epochs {2 * study.runs}   (adds the runs that are missing)"
