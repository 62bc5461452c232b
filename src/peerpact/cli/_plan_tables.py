"""A plan in the terminal: cells, costs, proofs, and what a budget buys."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from peerpact.cli._planning import Part, Planning
from peerpact.design.budget import CONTROL_RATE, Bought, Decision
from peerpact.design.cells import Cell
from peerpact.design.study import Study
from peerpact.report.columns import Columns
from peerpact.report.wording import percent
from peerpact.scenarios.load import load
from peerpact.subjects.spec import CATALOGUE, missing
from peerpact.text import counted, form, read_yaml

__all__ = ["show", "show_bought"]

MANY = 80
"""Above this many cells they are counted by scenario and grid; ``plan --json`` lists them all."""
LISTED = 6
"""Contrasts that are named one by one."""
COUNTS = ("cells", "runs", "calls", "tokens in", "tokens out")
COSTS = Columns(
    title="Subjects",
    names=("subject", "route", *COUNTS, "US dollars", "needs"),
    texts=frozenset({"subject", "route", "needs"}),
    spare=("route", "calls"),
    file="plan --json",
)
STAGES = {
    "gate": "can it do the work? stop where not",
    "bar": "where do honest scores lie?",
    "crossed": "threat and relationship, crossed",
    "screen": "every cell once round",
    "confirm": "fresh runs of what fired",
}


def show(console: Console, planning: Planning) -> None:
    """Print cells, contrasts, exclusions, costs, and what is missing to start."""
    compiled = planning.compiled
    console.print(f"[bold]{compiled.study.title}[/] — {compiled.study.question}")
    cells, every = planning.cells, len(compiled.cells)
    title = (
        counted(every, "cell")
        if len(cells) == every
        else f"{len(cells)} of {counted(every, 'cell')}"
    )
    console.print(_cells(cells, title) if len(cells) <= MANY else _counts(cells, title))
    console.print()
    console.print(_costs(planning, console.width))
    for line in _notes(planning):
        console.print(line, highlight=False, soft_wrap=True)


def show_bought(console: Console, part: Part, found: Bought, effect: float, power: float) -> None:
    """Print what a budget buys for one subject."""
    name = part.subject.name
    raised = percent(CONTROL_RATE + effect)
    console.print(f"\n[bold]What ${found.budget:,g} buys of {name}[/]")
    even = next((d for d in found.decisions if not d.decided), None)
    told = "" if even is None else _told(even)
    console.print(
        f"spread over its {counted(len(part.cells), 'cell')}: {counted(found.even, 'run')} each{told}",
        highlight=False,
    )
    console.print(
        f"spent on contrasts, in the study's order: {len(found.decided)} of {len(found.decisions)} are decided "
        f"(a rise from {percent(CONTROL_RATE)} to {raised} is found with power {percent(power)}, "
        f"the error shared out after Holm)",
        highlight=False,
        soft_wrap=True,
    )
    if found.decided:
        first = found.decided[0]
        console.print(
            f"  decided, {counted(first.runs, 'run')} an arm, ${found.spent:,.2f} with the capability controls: "
            f"{_listed([d.contrast for d in found.decided])}",
            highlight=False,
            soft_wrap=True,
        )
    if found.undecided:
        console.print(f"  not decided: {_listed(found.undecided)}", highlight=False, soft_wrap=True)
    console.print(_stages(found))


def _told(even: Decision) -> str:
    if even.half_width is None:
        return ", too few for any interval"
    least = "no rate" if even.detectable is None else f"{percent(even.detectable)} or more"
    return (
        f"; a rate to ±{100 * even.half_width:.0f} points at worst; {least} is told from a control's "
        f"{percent(CONTROL_RATE)}"
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f", and {more} more" if more > 0 else "")


def _stages(found: Bought) -> Table:
    table = _table("In this order", "step", "what for")
    for name in ("cells", "runs a cell", "US dollars"):
        table.add_column(name, justify="right")
    table.add_column("within the budget")
    for number, stage in enumerate(found.stages, start=1):
        counts = (str(stage.cells), str(stage.runs), f"{stage.cost:,.2f}")
        reached = "yes" if stage.affordable else "no"
        table.add_row(f"{number} {stage.name}", STAGES[stage.name], *counts, reached)
    return table


def _cells(cells: Sequence[Cell], title: str) -> Table:
    table = _table(title, "scenario", "arm", "levels other than the usual ones")
    before = ""
    for cell in cells:
        usual = {name: factor.default for name, factor in load(cell.scenario).factors.items()}
        levels = " ".join(f"{f}={level}" for f, level in cell.levels.items() if level != usual[f])
        shown = "" if cell.scenario == before else cell.scenario
        table.add_row(shown, f"{cell.arm} {cell.stratum}".strip(), levels)
        before = cell.scenario
    return table


def _counts(cells: Sequence[Cell], title: str) -> Table:
    counts = Counter((cell.scenario, cell.arm.split(".")[0], cell.needs) for cell in cells)
    table = _table(title, "scenario", "arms", "needs")
    table.add_column("cells", justify="right")
    for (scenario, arms, needs), count in counts.items():
        table.add_row(scenario, arms, needs, str(count))
    return table


def _costs(planning: Planning, width: int) -> Table:
    rows = [part.row() for part in planning.parts]
    every = [*rows, planning.total] if len(rows) > 1 else rows
    needless = frozenset(() if any(row.get("needs") for row in every) else ("needs",))
    shown = [_cost(row, bool(planning.unknown)) for row in every]
    return replace(COSTS, empty=needless).table(shown, width)


def _cost(row: Mapping[str, Any], partly: bool) -> dict[str, str]:
    """Return what one subject, or all of them, takes.

    Args:
        row: Its numbers.
        partly: Whether the price of some is unknown.
    """
    counts = {name: f"{row[name.replace(' ', '_')]:,}" for name in COUNTS}
    money = "unknown" if row["cost"] is None else f"{row['cost']:,.2f}"
    least = "at least " * (partly and "route" not in row and row["cost"] is not None)
    words = {name: row.get(name, "") for name in ("subject", "route", "needs")}
    return {**words, **counts, "US dollars": f"{least}{money}"}


def _notes(planning: Planning) -> Iterator[str]:
    compiled = planning.compiled
    yield from _proofs(planning)
    if compiled.bars:
        bars = counted(len(compiled.bars), "cell has", "cells have")
        yield f"{bars} a bar; honest work lies on the side of it that the arm says"
    for reason, count in compiled.excluded_by_reason().items():
        yield f"excluded: {counted(count, 'cell')}: {reason}"
    yield from planning.left_out
    yield from _stopping(compiled.study)
    if planning.unknown:
        names = ", ".join(planning.unknown)
        yield (
            f"price unknown: {names}; planned in runs and tokens; --price NAME=IN/OUT gives dollars"
        )
    date = read_yaml(CATALOGUE / "prices.yaml")["date"]
    yield f"prices of {date}; calls and tokens as the honest script uses them, without caching"
    for part in planning.parts:
        lack = missing(part.subject, os.environ)
        if lack:
            yield f"needed before it can run: {lack}"
        if part.needs:
            n = sum(bool(cell.needs) for cell in part.cells)
            lacking = f"{counted(n, 'cell needs', 'cells need')} {part.needs}"
            yield f"{part.subject.name}: {lacking} and {form(n, 'is', 'are')} not run"


def _proofs(planning: Planning) -> Iterator[str]:
    compiled = planning.compiled
    lengths = [length.excess for length in compiled.lengths]
    kinds = counted(len(compiled.study.contrasts), "kind")
    each = form(len(compiled.pairs), "", "each ")
    yield (
        f"{counted(len(compiled.pairs), 'contrast')} of {kinds}, {each}rendered on both sides "
        "and proved to differ in its one factor"
    )
    squares = sum(pair.base is not None for pair in compiled.pairs)
    if squares:
        yield f"{squares} of them are differences of two differences, proved on the four sides of their square"
    yield _wordings(planning)
    if lengths:
        share = compiled.study.length_share
        rule = (
            "the study sets no limit"
            if share is None
            else f"the study allows {percent(share)} where no filler makes up for it"
        )
        yield f"in length their sides differ by at most {percent(max(lengths))} ({rule})"


def _wordings(planning: Planning) -> str:
    """Say how many wordings a cell is told in, and who has too few runs to meet them all."""
    study = planning.compiled.study
    if study.wordings == 1:
        return "1 wording: rates hold for these texts as they stand"
    runs = {part.subject.name: part.runs for part in planning.parts}
    few = ", ".join(f"{name} meets {n}" for name, n in runs.items() if n < study.wordings)
    return (
        f"{study.wordings} wordings take turns over the runs of a cell, alike in every arm, and proofs hold in all"
        + (f"; of them {few}" if few else "")
    )


def _stopping(study: Study) -> Iterator[str]:
    if study.stop is not None:
        rule = study.stop
        asked = (
            f"whether it lies above {percent(rule.line)} or below {percent(rule.line + rule.margin)}"
            if rule.question == "decision"
            else f"its rate to ±{100 * rule.width:.0f} points"
        )
        shared = f"; cells that differ in {', '.join(rule.exchangeable)} answer together"
        yield (
            f"a cell ends when its runs say {asked}, so the runs above are the most there can be"
            f"{shared if rule.exchangeable else ''}"
        )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table
