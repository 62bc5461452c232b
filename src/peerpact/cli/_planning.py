"""What ``peerpact plan`` does, step by step: compile, forecast, print."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import click
from rich.table import Table

from peerpact.cli._showing import terminal
from peerpact.design.cells import Cell
from peerpact.design.compiler import VENDOR, Compiled, compile_study
from peerpact.design.rendering import rendered
from peerpact.design.study import load_study
from peerpact.errors import StudyError
from peerpact.harness.budget import cost_of
from peerpact.harness.fitting import fitting
from peerpact.harness.forecast import Use, expected
from peerpact.subjects.spec import CATALOGUE, Subject, price, subject_of
from peerpact.text import read_yaml

__all__ = ["Need", "Planning", "show_json", "show_tables"]

MANY = 80
"""Above this many cells they are counted by scenario and grid; ``--json`` lists them all."""


class Need(NamedTuple):
    """What one subject needs for its part of a study."""

    subject: str
    route: str
    cells: int
    runs: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    """US dollars; None where the price is unknown."""
    needs: str
    """What its cells need beyond the package."""


@dataclass(frozen=True, slots=True)
class Planning:
    """A proved study with its costs."""

    compiled: Compiled
    needs: tuple[Need, ...]
    left_out: tuple[str, ...] = ()
    """Cells that are none for a subject, with the reason."""

    @classmethod
    def of(cls, name: str, models: Sequence[str], epochs: int | None = None) -> Planning:
        """Compile a study and forecast its runs.

        Raises:
            StudyError: The study is refused, or a model is unknown.
        """
        study = load_study(name)
        compiled = compile_study(study)
        uses = {cell.id: expected(rendered(cell, VENDOR).scene) for cell in compiled.cells}
        listed = {entry.name: entry for entry in study.subjects}
        needs, left_out = [], list[str]()
        for subject in (subject_of(study, name) for name in dict.fromkeys(models or listed)):
            entry = listed.get(subject.name)
            arms = study.arms_for(subject.name)
            cells = [c for c in compiled.cells if not arms or c.arm in arms]
            if not cells:
                raise StudyError("no arm is left for this subject", where=subject.name, found=arms)
            cells, unfit = fitting(cells, subject)
            left_out += unfit
            runs = epochs or (entry and entry.runs) or study.runs
            needs.append(_need(subject, cells, runs, uses))
        return cls(compiled, tuple(needs), tuple(left_out))

    @property
    def total(self) -> Need:
        """The sum over all subjects; its cost is that of the subjects whose price is known."""
        cells, runs, calls, tokens_in, tokens_out = (
            sum(column) for column in zip(*(need[2:7] for need in self.needs), strict=True)
        )
        known = [n.cost for n in self.needs if n.cost is not None]
        cost = sum(known) if known else None
        return Need("all", "", cells, runs, calls, tokens_in, tokens_out, cost, "")


def show_tables(planning: Planning) -> None:
    """Print cells, contrasts, exclusions and costs."""
    console = terminal()
    compiled = planning.compiled
    console.print(f"[bold]{compiled.study.title}[/] — {compiled.study.question}")
    console.print(
        _cells(compiled.cells) if len(compiled.cells) <= MANY else _counts(compiled.cells)
    )
    console.print(_costs(planning))
    for line in _notes(planning):
        console.print(line, highlight=False, soft_wrap=True)


def show_json(planning: Planning) -> None:
    """Print the plan as JSON."""
    click.echo(json.dumps(_document(planning), ensure_ascii=False, indent=1))


def _need(subject: Subject, cells: Sequence[Cell], runs: int, uses: dict[str, Use]) -> Need:
    own = [uses[cell.id] for cell in cells]
    calls, tokens_in, tokens_out = (runs * sum(column) for column in zip(*own, strict=True))
    each = price(subject)
    cost = cost_of(each, tokens_in, tokens_out)
    needs = ", ".join(sorted({cell.needs for cell in cells if cell.needs}))
    return Need(
        subject.name,
        subject.route,
        len(cells),
        runs * len(cells),
        calls,
        tokens_in,
        tokens_out,
        cost,
        needs,
    )


def _cells(cells: Sequence[Cell]) -> Table:
    table = _table(f"{len(cells)} cells", "scenario", "arm", "levels")
    for cell in cells:
        levels = " ".join(f"{factor}={level}" for factor, level in cell.levels.items())
        table.add_row(cell.scenario, f"{cell.arm} {cell.stratum}".strip(), levels)
    return table


def _counts(cells: Sequence[Cell]) -> Table:
    counts = Counter((cell.scenario, cell.arm.split(".")[0], cell.needs) for cell in cells)
    table = _table(f"{len(cells)} cells", "scenario", "arms", "needs")
    table.add_column("cells", justify="right")
    for (scenario, arms, needs), count in counts.items():
        table.add_row(scenario, arms, needs, str(count))
    return table


def _costs(planning: Planning) -> Table:
    table = _table("Subjects", "subject")
    for name in ("cells", "runs", "calls", "tokens in", "tokens out", "US dollars"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("needs")
    total = planning.total
    for need in (*planning.needs, total):
        money = "unknown" if need.cost is None else f"{need.cost:,.2f}"
        if need is total and any(n.cost is None for n in planning.needs):
            money = f"at least {money}"
        numbers = (f"{value:,}" for value in need[2:7])
        table.add_row(need.subject, *numbers, money, need.needs)
    return table


def _notes(planning: Planning) -> Iterator[str]:
    compiled = planning.compiled
    lengths = [length.excess for length in compiled.lengths]
    yield (
        f"{len(compiled.pairs)} contrasts of {len(compiled.study.contrasts)} kinds, each rendered on both sides "
        "and proved to differ in its one factor"
    )
    squares = sum(pair.base is not None for pair in compiled.pairs)
    if squares:
        yield f"{squares} of them are differences of two differences, proved on the four sides of their square"
    if lengths:
        share = compiled.study.length_share
        rule = "no share declared" if share is None else f"{share:.0%} allowed without a filler"
        yield f"lengths of their sides differ by at most {max(lengths):.1%} ({rule})"
    if compiled.bars:
        yield f"{len(compiled.bars)} cells have a bar; each lies where its arm says, on the pinned truth"
    for reason, count in compiled.excluded_by_reason().items():
        yield f"excluded: {count} cells: {reason}"
    yield from planning.left_out
    unknown = [need.subject for need in planning.needs if need.cost is None]
    if unknown:
        yield f"price unknown: {', '.join(unknown)}; the sum leaves them out"
    yield f"prices of {_price_date()}; calls and tokens as the honest script uses them, without caching"


def _price_date() -> str:
    return str(read_yaml(CATALOGUE / "prices.yaml")["date"])


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _document(planning: Planning) -> dict[str, Any]:
    compiled = planning.compiled
    return {
        "study": compiled.study.name,
        "digest": compiled.study.digest,
        "cells": [
            {"id": c.id, "title": c.title, "levels": dict(c.levels), "needs": c.needs}
            for c in compiled.cells
        ],
        "excluded": [asdict(cell) for cell in compiled.excluded],
        "contrasts": [
            {
                "id": proof.pair.id,
                "factor": proof.pair.contrast.factor,
                "from": proof.pair.source.id,
                "to": proof.pair.to.id,
                "outcome": proof.pair.outcome,
                "differs_in": [d.change.path for d in proof.differences],
                "words": list(proof.words),
                "filler": length.filler,
            }
            for proof, length in zip(compiled.proofs, compiled.lengths, strict=True)
        ],
        "bars": {cell: asdict(bar) for cell, bar in compiled.bars.items()},
        "left_out": list(planning.left_out),
        "subjects": [need._asdict() for need in planning.needs],
        "total": planning.total._asdict(),
    }
