"""One picture: its panels, the rows behind it, or why it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peerpact.report.drawing import Panel
from peerpact.report.results import Results
from peerpact.report.wording import say

__all__ = ["DRAWN", "Figure", "Row", "figure", "joined"]

Row = dict[str, Any]
DRAWN = 12
"""Subjects that one picture holds."""
ALT_ROWS = 8


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture, or why it is missing."""

    name: str
    title: str
    note: str
    panels: tuple[Panel, ...] = ()
    rows: tuple[Row, ...] = ()
    missing: str = ""
    remarks: tuple[str, ...] = ()
    """Sentences beneath it."""


def figure(name: str, results: Results, panels: Sequence[Panel], rows: Sequence[Row]) -> Figure:
    """Return the figure of a name, whose title and note are in ``texts.yaml``; missing without panels."""
    title, note = say(f"figures/{name}/title"), say(f"figures/{name}/note")
    if not panels:
        return Figure(name, title, note, missing=say(f"absent/{name}"))
    left = len(results.subjects) - DRAWN
    if left > 0:
        note = f"{note} {say('figures/left_out', left=left, subjects=len(results.subjects))}"
    return Figure(name, title, note, tuple(panels), tuple(rows))


def joined(title: str, scenario: str, parts: Sequence[str]) -> str:
    """Return the text alternative of a panel: what it is of, and its first marks."""
    shown = [*parts[:ALT_ROWS]]
    if len(parts) > ALT_ROWS:
        shown.append(say("alt/more", more=len(parts) - ALT_ROWS))
    return say("alt/rates", title=title, scenario=scenario, rows="; ".join(shown))
