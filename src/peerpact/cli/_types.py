"""Values that a person types: what stands for none, or for no number, is refused where it is typed."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Any

import click

__all__ = ["MOST_RUNS", "Count", "Number", "Place"]

MOST_RUNS = 100_000
"""Runs a cell; more is a slip of the finger."""


class Count(click.IntRange):
    """A whole number in a range, which the help calls ``N``."""

    name = "n"


class Number(click.FloatRange):
    """A number in a range; ``nan`` and ``inf``, which every comparison lets pass, are none."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Place(click.Path):
    """The path of a file or folder; an empty one, as an unset variable of a shell leaves it, is none."""

    def __init__(self, *, exists: bool = False, dir_okay: bool = True) -> None:
        super().__init__(exists=exists, dir_okay=dir_okay, path_type=Path)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path."""
        if not str(value).strip():
            self.fail("the path is empty.", param, ctx)
        found = super().convert(value, param, ctx)  # type: ignore[arg-type]
        return Path(str(found))
