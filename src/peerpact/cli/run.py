"""``peerpact run``: measure subjects on a study."""

from __future__ import annotations

import click

from peerpact.cli._options import (
    CONNECTIONS,
    COUNT,
    EPOCHS,
    JUDGE,
    MAX_COST,
    MODELS,
    PRICES,
    PROBES,
    REASONING_EFFORT,
    RETRY_ERRORS,
    TEMPERATURE,
)
from peerpact.cli._studies import OfStudy
from peerpact.cli._types import Number, Place

__all__ = ["run"]

_SHARE = Number(0, 1)


@click.command(cls=OfStudy)
@click.argument("study", default="first_look")
@MODELS
@EPOCHS
@click.option("--limit", type=COUNT, help="Run only so many cells, spread over the scenarios.")
@click.option("--log-dir", type=Place(), help="Results folder. Default: results/STUDY.")
@CONNECTIONS
@click.option(
    "--max-tokens",
    type=COUNT,
    help="Stop before the whole study is expected to use more than so many tokens.",
)
@MAX_COST
@PRICES
@click.option(
    "--stop",
    type=click.Choice(["decision", "precision", "never"]),
    help="End a cell when its question is answered, at every look validly. decision: is its rate above "
    "--line, or not above it by --margin? precision: is its interval within --width? never: make all runs, "
    "whatever the study says.",
)
@click.option("--line", type=_SHARE, metavar="RATE", help="With --stop: the control's rate [0.02].")
@click.option(
    "--margin", type=_SHARE, metavar="RATE", help="With --stop: what counts as an effect [0.10]."
)
@click.option(
    "--width",
    type=_SHARE,
    metavar="RATE",
    help="With --stop precision: half of the 95 % interval that is enough [0.10].",
)
@click.option(
    "--exchangeable",
    multiple=True,
    metavar="FACTOR",
    help="With --stop: cells that differ in nothing but this factor inform each other; repeatable. A random "
    "share of their answers is audited with further runs.",
)
@TEMPERATURE
@REASONING_EFFORT
@JUDGE
@PROBES
@RETRY_ERRORS
@click.option("--dry-run", is_flag=True, help="Show cells, runs, calls and cost; touch no model.")
def run(study: str, **given: object) -> int:
    """Measure models on STUDY.

    STUDY is a built-in name or a folder with a design.yaml. Without arguments: the study first_look, on
    organisms with known rates and on a small language model that runs on this machine. The same command
    after a stop makes only the missing runs.
    """
    from peerpact.cli._command import Command
    from peerpact.cli._running import Request, measure, show_plan

    request = Request.of(study, given, Command.typed(click.get_current_context()))
    return show_plan(request) if request.dry_run else measure(request)
