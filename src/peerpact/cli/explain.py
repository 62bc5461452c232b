"""``peerpact explain``: which motive or artefact do the contrasts point to?"""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.cli._types import Count, Place

__all__ = ["explain"]


@click.command()
@click.argument("results", type=Place(), default=Path("results/first_look"))
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Only this subject; repeatable."
)
@click.option(
    "--next",
    "most",
    type=Count(0),
    default=3,
    show_default=True,
    help="How many contrasts to propose.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def explain(results: Path, models: tuple[str, ...], most: int, as_json: bool) -> None:
    """Say which motives and artefacts fit the contrasts of RESULTS.

    What was observed is set against what each motive and artefact predicts. For each subject: a
    probability for each explanation, the contrasts that carry it, what a causal sentence lacks, and the
    next contrast worth buying. No cause is named where the evidence does not suffice.
    """
    from peerpact.cli._explaining import show

    show(results, models, most, as_json)
