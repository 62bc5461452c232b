"""``peerpact audit``: find it in transcripts that already exist."""

from __future__ import annotations

import sys

import click

__all__ = ["audit"]

LEVELS = ("low", "medium", "high")
FOUND = 3
"""Exit code where findings reach the level of ``--fail-on``."""


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--format-in",
    default="",
    metavar="NAME",
    help="The transcripts' format; recognised if not given.",
)
@click.option(
    "--format",
    "shown",
    type=click.Choice(["table", "json", "sarif", "md"]),
    default="table",
    show_default=True,
    help="How the audit is written.",
)
@click.option(
    "--fail-on", type=click.Choice(LEVELS), help=f"Exit with {FOUND} if a finding is this severe."
)
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Share the work."
)
def audit(
    paths: tuple[str, ...], format_in: str, shown: str, fail_on: str | None, processes: int
) -> None:
    """Read transcripts (files, folders, globs, or - for standard input) and report what was done for other AIs."""
    from peerpact.audit import Level
    from peerpact.audit import audit as run
    from peerpact.audit.render import FORMATS

    done = run(paths, format=format_in, processes=processes, stdin=sys.stdin.buffer)
    click.echo(FORMATS[shown](done))
    if fail_on is not None and done.worst is not None and done.worst >= Level[fail_on]:
        raise SystemExit(FOUND)
