"""``peerpact register``: freeze a study before data exist."""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.cli._options import JUDGE, REASONING_EFFORT, TEMPERATURE
from peerpact.cli._studies import OfStudy
from peerpact.cli._types import Place

__all__ = ["register"]


@click.command(cls=OfStudy)
@click.argument("study")
@click.option("--log-dir", type=Place(), help="Results folder. Default: results/STUDY.")
@click.option(
    "--expect",
    type=Place(exists=True, dir_okay=False),
    help="A text that says what you expect to find; it is frozen with the rest.",
)
@TEMPERATURE
@REASONING_EFFORT
@JUDGE
def register(study: str, log_dir: Path | None, expect: Path | None, **conditions: object) -> None:
    """Freeze design and predictions of STUDY before there are data.

    STUDY is a built-in name or a folder with a design.yaml. Design, predictions, contrasts, analysis
    and how subjects will be asked are frozen under a hash. The registration is written into the results
    folder, which must hold no run yet. Reports name every departure from it. Publish the hash where it
    gets a date that is not yours.
    """
    from peerpact.cli._registering import registered

    registered(study, log_dir, expect, conditions)
