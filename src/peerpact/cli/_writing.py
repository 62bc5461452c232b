"""Where a command's text goes: to the terminal, or to a file that no reader meets half of."""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.errors import ResultsError

__all__ = ["deliver"]


def deliver(text: str, out: Path | None) -> None:
    """Print a text, or write it to a file and print the file's name.

    Raises:
        ResultsError: The disk refuses.
    """
    if out is None or out == Path("-"):
        click.echo(text.rstrip("\n"))
        return
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        part.replace(out)
    except OSError as e:
        part.unlink(missing_ok=True)
        raise ResultsError(f"{out}: cannot be written ({e.strerror})") from e
    click.echo(str(out))
