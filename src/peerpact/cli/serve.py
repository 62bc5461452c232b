"""``peerpact serve``: the page, live, while a study runs."""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.cli._types import Count, Place
from peerpact.errors import StudyError

__all__ = ["serve"]

EVIDENCE = 4_000_000


@click.command()
@click.argument("results", type=Place())
@click.option(
    "--port",
    type=Count(0, 65535),
    default=0,
    help="Port on this machine. Default: a free one.",
)
def serve(results: Path, port: int) -> None:
    """Show the page of RESULTS live, while a study runs.

    RESULTS is the folder that peerpact run writes into. The page is for a browser of this machine: nobody
    else can reach the page, and it changes nothing. Stop with Ctrl-C.
    """
    from peerpact.cli._folder import Folder
    from peerpact.report.page import page
    from peerpact.report.serve import LivePage, Server

    def build(folder: Path) -> str:
        found = Folder.read(folder)
        return page(found.results, extras=found.extras(EVIDENCE, live=True))

    Folder.read(results)
    try:
        server = Server(LivePage(results, build), port)
    except OSError as e:
        what, hint = f"this port cannot be had ({e.strerror})", "leave --port out for a free one"
        raise StudyError(what, where="--port", found=port, hint=hint) from e
    click.echo(f"{server.address}   (Ctrl-C stops)")
    try:
        server.run()
    except KeyboardInterrupt:
        click.echo("stopped")
    finally:
        server.close()
