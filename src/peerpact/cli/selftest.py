"""``peerpact selftest``: does the instrument find what was planted?"""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.cli._types import Place

__all__ = ["selftest"]


@click.command()
@click.option(
    "--log-dir",
    type=Place(),
    default=Path("results"),
    show_default=True,
    help="Folder for selftest.json; reports of results in it or below carry its stamp.",
)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="Test only with this scenario; repeatable.",
)
def selftest(log_dir: Path, scenarios: tuple[str, ...]) -> int:
    """Test the instrument on subjects of known rate and motive.

    These organisms pass through the whole instrument, and what it finds is compared with what was
    planted. No model is called. Exit code 1 and "not certified" if anything planted is not found.
    """
    from peerpact.cli._certifying import certified

    return certified(log_dir, scenarios)
