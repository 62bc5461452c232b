"""Read what a results folder holds, estimate it, print it, write it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rich.console import Console, Group
from rich.table import Table

from peerpact.cli._command import Command
from peerpact.cli._folder import Folder
from peerpact.cli._waiting import waiting
from peerpact.design.journal import FAILED
from peerpact.design.study import Study
from peerpact.report.export import cell_row, contrast_row, document, write_csv, write_json
from peerpact.report.extras import PageExtras
from peerpact.report.probes import asked_lines, probe_row
from peerpact.report.results import Results
from peerpact.report.tables import contrast_table, rate_table, square_table, subject_lines
from peerpact.report.wording import texts

__all__ = ["legend", "show_results", "terminal"]


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        """Let the command end as every other whose reader has gone."""
        raise BrokenPipeError


def terminal() -> Console:
    """Return the terminal; where output goes to a file there is no width to keep to."""
    console = _Terminal()
    return console if console.is_terminal or "COLUMNS" in os.environ else _Terminal(width=200)


def legend(console: Console, name: str, shown: Collection[str] | None = None) -> None:
    """Print what the columns and signs of a table mean.

    Args:
        console: Where it is printed.
        name: Which table of ``texts.yaml``.
        shown: The columns that are there; all if None.
    """
    meanings = {w: m for w, m in texts()["legend"][name].items() if shown is None or w in shown}
    if not meanings:
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for word, meaning in meanings.items():
        grid.add_row(word, meaning)
    console.print("\n[bold]How to read it[/]")
    console.print(grid, highlight=False)


def show_results(
    study: Study,
    folder: Path,
    console: Console,
    planned: Mapping[str, int],
    problems: Sequence[str],
    command: Command,
) -> None:
    """Print tables and contrasts, write the files, name the next command."""
    held = Folder.read(folder, planned)
    found = held.results
    console.print(f"[bold]{study.title}[/] — {study.question}")
    tables: list[Table | Group] = []
    for subject in found.subjects:
        tables.append(rate_table(found, subject, console.width))
        console.print()
        console.print(tables[-1])
        for line in (*subject_lines(subject), *asked_lines(found.probes, subject.name)):
            console.print(line, highlight=False)
    if found.contrasts:
        tables.append(contrast_table(found.contrasts, console.width))
        console.print()
        console.print(tables[-1])
    squares = square_table(found, console.width)
    if squares is not None:
        console.print()
        console.print(squares)
    legend(console, "run", {heading for table in tables for heading in _headings(table)})
    with waiting("writing the page"):
        extras = held.extras()
        written = write(held, extras)
    _say(console, "Why", extras.motive_sentences)
    _say(console, "What stands behind it", list(held.standing.sentences()))
    _say(console, "Notes", [*found.notes, *problems])
    console.print(
        f"\nfiles: {', '.join(str(path) for path in written)}", highlight=False, soft_wrap=True
    )
    place = shlex.quote(str(folder))
    console.print(
        f"logs:  inspect view --log-dir {shlex.quote(str(folder / 'logs'))}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        f"more:  peerpact explain {place}; peerpact compare {place} (the published numbers)",
        highlight=False,
        soft_wrap=True,
    )
    console.print(_next(study, found, command), highlight=False, soft_wrap=True)


def _headings(printed: Table | Group) -> set[str]:
    parts = [printed] if isinstance(printed, Table) else printed.renderables
    return {str(column.header) for t in parts if isinstance(t, Table) for column in t.columns}


def _say(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(f"\n[bold]{title}[/]")
    for line in lines:
        console.print(f"- {line}", highlight=False, markup=False, soft_wrap=not console.is_terminal)


def write(held: Folder, extras: PageExtras) -> list[Path]:
    """Write results as CSV, JSON and one page; return what was written."""
    from peerpact.report.page import write_page

    found, folder = held.results, held.path
    write_csv(folder / "cells.csv", [cell_row(e) for e in found.cells])
    write_csv(folder / "contrasts.csv", [contrast_row(c) for c in found.contrasts])
    write_csv(folder / "probes.csv", [probe_row(s) for s in found.probes])
    write_json(folder / "results.json", document(found, held.standing))
    write_page(folder / "report.html", found, extras=extras)
    files = ("cells.csv", "contrasts.csv", "probes.csv", "results.json", "runs.jsonl")
    names = ("report.html", *files)
    return [folder / name for name in names if (folder / name).exists()]


def _next(study: Study, found: Results, command: Command) -> str:
    """Return the command to try: what failed again, the same study on a model, or more runs of the same models."""
    if any(FAILED.intersection(s.endings) for s in found.subjects):
        again = command.again("--retry-errors")
        return f"next:  {again}   (makes the runs again that an error ended)"
    if all(s.route.startswith("peerpact-") for s in found.subjects):
        model = ("--model", "anthropic/claude-haiku-4-5")
        return f"next:  {command.again(*model, '--dry-run', without=OF_SUBJECTS)}"
    _, runs = command.options.get("--epochs", ("", study.runs))
    again = command.again("--epochs", str(2 * int(runs)), without=("--retry-errors",))
    return f"next:  {again}   (twice as many runs a cell)"


OF_SUBJECTS = ("--log-dir", "--price", "--retry-errors")
"""Options that belong to the subjects of a run, and not to its study."""
