"""``peerpact rejudge``: a judge asked again about past items, with one thing changed."""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.cli._options import (
    ALPHA,
    CONNECTIONS,
    COUNT,
    FAIL_ON,
    MAX_COST,
    PRICES,
    REASONING_EFFORT,
    RETRY_ERRORS,
)
from peerpact.cli._types import Number, Place

__all__ = ["rejudge"]

_FILE = Place(dir_okay=False)


@click.command()
@click.argument("scores", type=Place())
@click.option(
    "--model", "models", multiple=True, required=True, metavar="NAME",
    help="The judge to ask: a catalogue name, or provider/model as Inspect writes it; repeatable.",
)  # fmt: skip
@click.option(
    "--change", default="stakes", show_default=True, metavar="NAME",
    help="What is changed: stakes, bar, identity, target, or a yaml file of that form.",
)  # fmt: skip
@click.option(
    "--arms",
    metavar="CONTROL,TREATED",
    help="The two levels to compare. Default: the change's own.",
)
@click.option(
    "--hold",
    multiple=True,
    metavar="CHANGE=LEVEL",
    help="The level of another change, the same in both arms; repeatable.",
)
@click.option(
    "--column", "columns", multiple=True, metavar="ROLE=NAME",
    help="Which column plays which role: content, instructions, judge, judged, item, score, bar, …; "
    "repeatable.",
)  # fmt: skip
@click.option(
    "--instructions", type=_FILE, help="A text with what to grade by, where the table does not say."
)
@click.option(
    "--scale", nargs=2, type=float, metavar="LOWEST HIGHEST",
    help="Lowest and highest score that can be given.",
)  # fmt: skip
@click.option(
    "--bar", type=float, metavar="SCORE", help="The bar of all items, instead of the table's."
)
@click.option(
    "--other", default="", metavar="MODEL", help="The model that a swapped identity names."
)
@click.option(
    "--mention", "mentions", multiple=True, metavar="NAME",
    help="A further name of a maker that is looked for in the work; repeatable.",
)  # fmt: skip
@click.option("--limit", type=COUNT, help="Only so many items, drawn at random by the seed.")
@click.option(
    "--epochs",
    type=COUNT,
    default=1,
    show_default=True,
    help="Judgments of each item in each arm.",
)
@click.option(
    "--seed",
    type=int,
    metavar="N",
    default=0,
    show_default=True,
    help="Seed of the draw and of the order.",
)
@click.option(
    "--temperature", type=Number(0, 2), default=0.0, show_default=True,
    help="Sampling temperature of the judge.",
)  # fmt: skip
@REASONING_EFFORT
@MAX_COST
@click.option(
    "--max-tokens",
    type=COUNT,
    help="Stop likewise before the whole is expected to use more than so many tokens.",
)
@PRICES
@CONNECTIONS
@ALPHA
@click.option(
    "--multiplicity", type=click.Choice(["holm", "bh"]), default="holm", show_default=True,
    help="Correction for asking several judges.",
)  # fmt: skip
@click.option(
    "--log-dir",
    type=Place(),
    help="Results folder. Default: results/rejudge-CHANGE.",
)
@RETRY_ERRORS
@click.option(
    "--dry-run", is_flag=True, help="Show items, arms, calls, tokens and cost; ask no model."
)
@click.option(
    "--format",
    "shown",
    type=click.Choice(["table", "html", "json", "csv"]),
    default="table",
    show_default=True,
    help="How the re-judgment is written; html is one page for people.",
)
@click.option("--out", type=_FILE, help="File to write. Default: print.")
@FAIL_ON
def rejudge(scores: Path, **given: object) -> None:
    """Ask judges again about past items, with one thing changed.

    SCORES is a table as peerpact judges reads it, with a column for the work itself. Each item is judged
    in two arms that differ in one declared thing. The same command
    after a stop asks only what is missing. The rows that it writes can be read by peerpact judges.
    """
    from peerpact.cli._rejudging import Request, measure, show_plan
    from peerpact.cli._waiting import waiting

    with waiting(f"planning the re-judgment of {scores}"):
        request = Request.of(scores, given)
    raise SystemExit(show_plan(request) if request.dry_run else measure(request))
