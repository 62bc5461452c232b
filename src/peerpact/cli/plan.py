"""``peerpact plan``: prove a study and say what it costs, before a model is touched."""

from __future__ import annotations

import click

__all__ = ["plan"]


@click.command()
@click.argument("study", default="first_look")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="A catalogue name, or provider/model as Inspect writes it; repeatable. "
    "Default: the study's subjects.",
)
@click.option(
    "--epochs", type=click.IntRange(1), help="Runs a cell, instead of the study's number."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print everything as JSON, every cell and contrast."
)
def plan(study: str, models: tuple[str, ...], epochs: int | None, as_json: bool) -> None:
    """Expand STUDY, prove its contrasts, and count cells, runs, calls, tokens and money.

    Each contrast is rendered on both sides and may differ in its one factor only; otherwise the study
    is refused, with the diff. No model is touched.
    """
    from peerpact.cli._planning import Planning, show_json, show_tables

    planning = Planning.of(study, models, epochs)
    (show_json if as_json else show_tables)(planning)
