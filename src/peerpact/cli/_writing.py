"""Where a command's text goes: to the terminal, or to a file that no reader meets half of."""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.text import write_whole

__all__ = ["deliver"]


def deliver(text: str, out: Path | None) -> None:
    """Print a text, or write it to a file and print the file's name.

    Raises:
        ResultsError: The disk refuses.
    """
    if out is None or out == Path("-"):
        click.echo(text.rstrip("\n"))
        return
    write_whole(out, text.rstrip("\n") + "\n")
    click.echo(str(out))
