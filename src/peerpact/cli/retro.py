"""``peerpact retro``: a study that is already done, looked at again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from peerpact.cli._options import FAIL_ON, FOUND, reaches
from peerpact.cli._types import Place

if TYPE_CHECKING:
    from peerpact.audit.retro import Retro

__all__ = ["retro"]


@click.command("retro")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--format",
    "shown",
    type=click.Choice(["table", "html", "csv", "json"]),
    default="table",
    show_default=True,
    help="How it is written; html is one page for people, csv the rates.",
)
@click.option("--out", type=Place(dir_okay=False), help="File to write. Default: print.")
@FAIL_ON
def retro(paths: tuple[str, ...], shown: str, out: Path | None, fail_on: str | None) -> None:
    """Recompute a finished study and name its weak points.

    PATH is a folder of results, or a file with the rows of a data set.
    """
    from peerpact.audit.retro import retro as run
    from peerpact.cli._waiting import waiting
    from peerpact.cli._writing import deliver

    with waiting("recomputing"):
        done = run(paths)
    deliver(_page(done, paths) if shown == "html" else _written(done, shown), out)
    if reaches(done.worst, fail_on):
        raise SystemExit(FOUND)


def _page(done: Retro, paths: tuple[str, ...]) -> str:
    from peerpact.report.brief import brief_page
    from peerpact.report.retro_brief import retro_brief

    return brief_page(retro_brief(done, paths))


def _written(done: Retro, shown: str) -> str:
    from peerpact.audit.retro.render import FORMATS

    return FORMATS[shown](done)
