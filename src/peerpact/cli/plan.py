"""``peerpact plan``: prove a study and say what it costs, before a model is touched."""

from __future__ import annotations

import click

from peerpact.cli._options import EPOCHS, MODELS, PRICES, PROBES
from peerpact.cli._studies import OfStudy
from peerpact.cli._types import Number

__all__ = ["plan"]


@click.command(cls=OfStudy)
@click.argument("study", default="first_look")
@MODELS
@EPOCHS
@click.option(
    "--budget",
    type=Number(0, min_open=True),
    metavar="USD",
    help="Say what so much money for each model buys: which contrasts it decides, which not, in which "
    "order to spend it.",
)
@click.option(
    "--precision",
    type=Number(0.005, 0.5, max_open=True),
    metavar="RATE",
    help="Say what it costs to know every rate to plus or minus this much, such as 0.10.",
)
@click.option(
    "--power",
    type=Number(0, 1, min_open=True, max_open=True),
    metavar="CHANCE",
    help="Say what it costs to find --effect in every contrast with this chance, such as 0.8.",
)
@click.option(
    "--effect",
    type=Number(0.001, 1),
    metavar="RATE",
    default=0.2,
    show_default=True,
    help="Rise over a control of 5 % that a contrast is to find.",
)
@PRICES
@PROBES
@click.option(
    "--json", "as_json", is_flag=True, help="Print everything as JSON, every cell and contrast."
)
def plan(study: str, models: tuple[str, ...], **given: object) -> None:
    """Prove the contrasts of STUDY and say what it costs.

    STUDY is a built-in name or a folder with a design.yaml. Cells, runs, calls, tokens and money are
    counted. Each contrast is rendered on both sides and may differ in its one factor only; otherwise
    the study is refused, with the diff. No model is touched. With --budget it says what that buys;
    with --precision or --power, what they cost.
    """
    from peerpact.cli._buying import planned

    planned(study, models, given)
