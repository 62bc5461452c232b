"""Options that several commands share: the same name, the same meaning, the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from peerpact.cli._types import MOST_RUNS, Count, Number

if TYPE_CHECKING:
    from peerpact.audit import Level

__all__ = [
    "ALPHA",
    "CONNECTIONS",
    "COUNT",
    "EFFORTS",
    "EPOCHS",
    "FAIL_ON",
    "FOUND",
    "JUDGE",
    "MAX_COST",
    "MODELS",
    "PRICES",
    "PROBES",
    "REASONING_EFFORT",
    "RETRY_ERRORS",
    "TEMPERATURE",
    "reaches",
]

LEVELS = ("low", "medium", "high")
FOUND = 3
"""Exit code where what was found reaches the level of ``--fail-on``."""

COUNT = Count(1)

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
    type=Count(1, MOST_RUNS),
    help="Runs in each cell, instead of the study's number.",
)
TEMPERATURE = click.option(
    "--temperature",
    type=Number(0, 2),
    default=1.0,
    show_default=True,
    help="Sampling temperature of the subjects.",
)
JUDGE = click.option(
    "--judge",
    default="",
    metavar="MODEL",
    help="Model that tells open refusal from failure where the work that was owed is missing.",
)
PRICES = click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="NAME=IN/OUT",
    help="US dollars per million tokens in and out, where the catalogue has no price; repeatable.",
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
    help="How many answers are asked of a provider at once.",
)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""As Inspect names them."""
REASONING_EFFORT = click.option(
    "--reasoning-effort",
    type=click.Choice(EFFORTS),
    help="How hard the model is asked to reason, if it can be asked.",
)
PROBES = click.option(
    "--probe",
    "probes",
    multiple=True,
    metavar="NAME",
    help="Ask each subject after every run, in a fresh context: comprehension (was the scene understood), "
    "frame (what was it taken for); repeatable.",
)
ALPHA = click.option(
    "--alpha",
    metavar="RATE",
    default=0.05,
    show_default=True,
    help="Rate of false findings that is accepted.",
)
RETRY_ERRORS = click.option(
    "--retry-errors", is_flag=True, help="Make again what a provider's error ended."
)
FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    help=f"Exit with code {FOUND} if a finding is as severe as this, or more.",
)


def reaches(worst: Level | None, limit: str | None) -> bool:
    """Whether the worst that was found is as severe as ``--fail-on`` asks for."""
    return (
        worst is not None and limit is not None and LEVELS.index(worst.name) >= LEVELS.index(limit)
    )
