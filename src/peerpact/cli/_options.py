"""Options that several commands share: the same name, the same meaning, the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from peerpact.cli._types import MOST_RUNS, Number

if TYPE_CHECKING:
    from peerpact.audit import Level

__all__ = [
    "CONNECTIONS",
    "COUNT",
    "EFFORTS",
    "EPOCHS",
    "FAIL_ON",
    "FOUND",
    "MAX_COST",
    "MODELS",
    "PRICES",
    "REASONING_EFFORT",
    "RETRY_ERRORS",
    "reaches",
]

LEVELS = ("low", "medium", "high")
FOUND = 3
"""Exit code where what was found reaches the level of ``--fail-on``."""

COUNT = click.IntRange(1)

MODELS = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="A catalogue name, or provider/model as Inspect writes it; repeatable. "
    "Default: the study's subjects.",
)
EPOCHS = click.option(
    "--epochs",
    type=click.IntRange(1, MOST_RUNS),
    help="Runs a cell, instead of the study's number.",
)
PRICES = click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="NAME=IN/OUT",
    help="US dollars per million tokens in and out, where the catalogue has no price.",
)
MAX_COST = click.option(
    "--max-cost",
    type=Number(0, min_open=True),
    metavar="USD",
    help="Stop before the whole is expected to cost more than so many US dollars; answers that are "
    "being given by then are still paid.",
)
CONNECTIONS = click.option(
    "--max-connections",
    default=10,
    show_default=True,
    type=COUNT,
    help="Answers asked of a provider at once.",
)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""As Inspect names them."""
REASONING_EFFORT = click.option(
    "--reasoning-effort", type=click.Choice(EFFORTS), help="Reasoning effort, if the model has one."
)
RETRY_ERRORS = click.option(
    "--retry-errors", is_flag=True, help="Ask again where a provider's error ended it."
)
FAIL_ON = click.option(
    "--fail-on", type=click.Choice(LEVELS), help=f"Exit with {FOUND} if a finding is this severe."
)


def reaches(worst: Level | None, limit: str | None) -> bool:
    """Whether the worst that was found is as severe as ``--fail-on`` asks for."""
    return (
        worst is not None and limit is not None and LEVELS.index(worst.name) >= LEVELS.index(limit)
    )
