"""``peerpact retro``: a study that is already done, looked at again."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["retro"]

LEVELS = ("low", "medium", "high")
FOUND = 3
"""Exit code where weaknesses reach the level of ``--fail-on``."""


@click.command("retro")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--format",
    "shown",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How it is written.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; default: print."
)
@click.option(
    "--fail-on", type=click.Choice(LEVELS), help=f"Exit with {FOUND} if a weakness is this severe."
)
def retro(paths: tuple[str, ...], shown: str, out: Path | None, fail_on: str | None) -> None:
    """Recompute the rates of a study (results folder, data-set rows) and report what weakens it."""
    from peerpact.audit import Level
    from peerpact.audit.retro import retro as run
    from peerpact.audit.retro.render import FORMATS
    from peerpact.cli._waiting import waiting
    from peerpact.cli._writing import deliver

    with waiting("recomputing"):
        done = run(paths)
    deliver(FORMATS[shown](done), out)
    if fail_on is not None and done.worst is not None and done.worst >= Level[fail_on]:
        raise SystemExit(FOUND)
