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
    "--budget",
    type=click.FloatRange(0, min_open=True),
    metavar="USD",
    help="Say what so much money for each model buys: which contrasts it decides, which not, in which "
    "order to spend it.",
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
    metavar="RATE",
    help="Say what it costs to know every rate to plus or minus this much, such as 0.10.",
)
@click.option(
    "--power",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Say what it costs to find --effect in every contrast with this chance, such as 0.8.",
)
@click.option(
    "--effect",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="Rise over a control of 5 % that a contrast is to find.",
)
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="NAME=IN/OUT",
    help="US dollars per million tokens in and out, where the catalogue has no price.",
)
@click.option(
    "--probe",
    "probes",
    multiple=True,
    metavar="NAME",
    help="What each subject is asked after every run, besides what the study asks; repeatable.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print everything as JSON, every cell and contrast."
)
def plan(study: str, models: tuple[str, ...], **given: object) -> None:
    """Expand STUDY, prove its contrasts, and count cells, runs, calls, tokens and money.

    Each contrast is rendered on both sides and may differ in its one factor only; otherwise the study
    is refused, with the diff. No model is touched. With --budget it says what that buys; with
    --precision or --power, what they cost.
    """
    from peerpact.cli._buying import planned

    planned(study, models, given)
