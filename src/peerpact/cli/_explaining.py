"""What ``peerpact explain`` does: read, explain, show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from peerpact.cli._folder import Folder, check_known
from peerpact.cli._showing import legend, terminal
from peerpact.cli._waiting import waiting
from peerpact.explain import Explanation, Observation
from peerpact.report.columns import Columns
from peerpact.report.motives import explained
from peerpact.report.wording import say
from peerpact.text import counted

__all__ = ["show"]

SHOWN = 8
"""Contrasts of a subject that are printed."""
LEAST = 0.001
"""Bits a run that a contrast must promise to be proposed."""


def show(folder: Path, models: Sequence[str], most: int, as_json: bool) -> None:
    """Explain the subjects of a results folder."""
    held = Folder.read(folder)
    with waiting("comparing explanations"):
        made = explained(held.results, held.standing.circumstances)
    names = [one.subject for one in made]
    check_known(models, names)
    kept = [one for one in made if not models or one.subject in models]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in kept], ensure_ascii=False, indent=1))
        return
    console = terminal()
    if not made:
        console.print(say("claims/no_runs"), highlight=False)
    for one in kept:
        _print(console, one, most)
    if any(one.observations for one in kept):
        legend(console, "explain")


def _print(console: Console, one: Explanation, most: int) -> None:
    console.print(f"\n[bold]{one.subject}[/]")
    console.print(one.brief, highlight=False)
    console.print(_shares(one))
    if one.observations:
        console.print()
        console.print(_observations(one, console.width))
    unmet = dict.fromkeys(str(n) for n in one.needs if not n.met)
    console.print()
    if unmet and not one.causal:
        console.print(
            f"missing for a sentence that names a cause, in every scenario of it: {'; '.join(unmet)}",
            highlight=False,
        )
    for offer in [offer for offer in one.next if offer.bits_per_run >= LEAST][:most]:
        change = ", ".join(f"{factor}={level}" for factor, level in offer.levels.items())
        console.print(
            f"next: {offer.standard} with {change} ({offer.title}): "
            f"{offer.bits_per_run:.3f} bits a run over {counted(offer.runs, 'run')}",
            highlight=False,
        )
    if one.left_out:
        console.print(f"standard cells not used: {', '.join(one.left_out)}", highlight=False)


def _shares(one: Explanation) -> Table:
    table = _table("explanation", "probability")
    for share in one.shares:
        kind = " (set-up)" if share.artefact else ""
        shown = "not asked" if share.probability is None else f"{share.probability:.3f}"
        table.add_row(f"{share}{kind}", shown)
    return table


def _observations(one: Explanation, width: int) -> Table:
    """Return what was observed; the explanations that come first say what they predict."""
    first = list(one.observations[0].predictions)
    says = [f"{name} says" for name in first]
    columns = Columns(
        title="",
        names=("scenario", "contrast", "standard", "changed", "difference", *says, "bits"),
        texts=frozenset({"scenario", "contrast", *says}),
        leading=("scenario",),
        spare=says[1:],
        file="explain --json",
    )
    return columns.table([_seen(seen, first) for seen in one.observations[:SHOWN]], width)


def _seen(seen: Observation, first: Sequence[str]) -> dict[str, str]:
    d = seen.difference
    limits = f"{100 * d.low:+.0f} – {100 * d.high:+.0f}"
    return {
        "scenario": seen.scenario,
        "contrast": f"{seen.title} ({seen.control})",
        "standard": f"{seen.standard.hits}/{seen.standard.scored}",
        "changed": f"{seen.changed.hits}/{seen.changed.scored}",
        "difference": "–" if d.value is None else f"{100 * d.value:+.0f} ({limits})",
        **{f"{name} says": seen.predictions[name] for name in first},
        "bits": f"{seen.bits:+.1f}",
    }


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table
