"""``peerpact report``: show what was found, to people and to programs."""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.cli._types import Number, Place

__all__ = ["report"]

MEGABYTE = 1_000_000


@click.command()
@click.argument("results", type=Place())
@click.option(
    "--format",
    "shape",
    type=click.Choice(["html", "md", "csv", "json", "every-eval-ever", "inspect-bundle"]),
    default="html",
    show_default=True,
    help="html: one page. md: claim and tables as text. csv: cells and contrasts. json: everything. "
    "every-eval-ever: one document a subject, in that schema. inspect-bundle: the logs with Inspect's viewer.",
)
@click.option(
    "--out",
    type=Place(),
    help="File or folder to write. Default: in RESULTS. A dash prints html, md or json.",
)
@click.option(
    "--evidence",
    type=Number(0),
    default=8.0,
    show_default=True,
    metavar="MB",
    help="Room for transcripts in the page, in megabytes.",
)
def report(results: Path, shape: str, out: Path | None, evidence: float) -> None:
    """Write what a run has found so far: page, tables, documents.

    RESULTS is the folder that peerpact run wrote into; it may still be running.
    """
    from peerpact.cli._folder import Folder
    from peerpact.cli._formats import FORMATS, bundle
    from peerpact.cli._waiting import waiting

    if shape == "inspect-bundle":
        written = bundle(results, out)
    else:
        held = Folder.read(results)
        with waiting(f"writing {shape}"):
            written = FORMATS[shape](held, out, int(evidence * MEGABYTE))
    for path in written:
        click.echo(str(path))
