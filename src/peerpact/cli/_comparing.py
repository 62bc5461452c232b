"""What ``peerpact compare`` does: read, compare, show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from peerpact.cli._folder import Folder, check_known
from peerpact.cli._showing import legend, terminal
from peerpact.report.columns import Columns
from peerpact.report.compare import Comparison, PublishedNumber, compare, load_published
from peerpact.report.wording import say
from peerpact.text import counted

__all__ = ["show"]

COLUMNS = Columns(
    title="",
    names=("behaviour", "arm", "published", "source", "their metric", "ours", "differs in"),
    texts=frozenset({"behaviour", "arm", "published", "source"}),
    leading=("behaviour",),
    spare=("source",),
    file="compare --json",
)


def show(folder: Path, models: Sequence[str], as_json: bool) -> None:
    """Compare the subjects of a results folder with the published tables."""
    results = Folder.read(folder).results
    check_known(models, [subject.name for subject in results.subjects])
    made = [c for c in compare(results) if not models or c.subject in models]
    if as_json:
        click.echo(json.dumps([_row(c) for c in made], ensure_ascii=False, indent=1))
        return
    console, tables = terminal(), load_published()
    differs = list(dict.fromkeys(line for c in made for line in _differs(c)))
    for subject in dict.fromkeys(c.subject for c in made):
        rows = [_shown(c, differs) for c in made if c.subject == subject]
        console.print()
        console.print(replace(COLUMNS, title=subject).table(rows, console.width))
    if differs:
        console.print("\n[bold]Where rows differ from the study's[/]")
        console.print(_numbered(differs), highlight=False)
    if made:
        legend(console, "compare")
    else:
        console.print(tables.said["no_cells"] if results.subjects else say("claims/no_runs"))
    console.print(f"\npublished: {tables.study}", highlight=False)
    for what in tables.versions.values():
        console.print(f"  {what}", highlight=False)


def _numbered(lines: Sequence[str]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column()
    for number, line in enumerate(lines, start=1):
        grid.add_row(str(number), line)
    return grid


def _shown(c: Comparison, differs: Sequence[str]) -> dict[str, str]:
    published, source = _published(c)
    return {
        "behaviour": c.behaviour.replace("_", " "),
        "arm": f"{c.whose}, {c.past}",
        "published": published,
        "source": source,
        "their metric": _theirs(c),
        "ours": _ours(c),
        "differs in": " ".join(str(differs.index(line) + 1) for line in _differs(c)),
    }


def _differs(c: Comparison) -> tuple[str, ...]:
    """Return where it differs, and why it has no estimate."""
    return c.differs if c.ours.value is not None else (*c.differs, c.ours.reason)


def _published(c: Comparison) -> tuple[str, str]:
    if not c.published:
        return "not published", ""
    if c.same_model:
        number = c.published[0]
        return _number(number), _source(number)
    low, high = min(n.value for n in c.published), max(n.value for n in c.published)
    sources = dict.fromkeys(map(_source, c.published))
    return f"{low:g} to {high:g} ({counted(len(c.published), 'model')})", "; ".join(sources)


def _number(number: PublishedNumber) -> str:
    average = "" if number.average is None else f" / {number.average:g}"
    return f"{number.value:g}{average}" + (f" ({number.note})" if number.note else "")


def _source(number: PublishedNumber) -> str:
    return f"{number.source}, {number.version}"


def _theirs(c: Comparison) -> str:
    if c.theirs.largest is None or c.theirs.average is None:
        return "–"
    return f"{100 * c.theirs.largest:.1f} / {100 * c.theirs.average:.1f}"


def _ours(c: Comparison) -> str:
    value, low, high = c.ours.value, c.ours.low, c.ours.high
    if value is None or low is None or high is None:
        return "–"
    return f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _row(c: Comparison) -> dict[str, Any]:
    return {
        "subject": c.subject,
        "behaviour": c.behaviour,
        "whose": c.whose,
        "past": c.past,
        "unit": c.unit,
        "published": [n.model_dump() for n in c.published],
        "same_model": c.same_model,
        "theirs": asdict(c.theirs),
        "ours": asdict(c.ours),
        "differs": list(c.differs),
    }
