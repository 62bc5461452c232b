"""What a cell stands for in a comparison: a control, a relationship, itself, a person, a thing."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from peerpact.design.cells import Cell
from peerpact.text import read_yaml

__all__ = [
    "behaviours",
    "company",
    "control",
    "kind",
    "label",
    "measured",
    "order",
    "relationship",
    "series",
    "series_label",
]


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return read_yaml(Path(__file__).parent / "situations.yaml")  # type: ignore[no-any-return]


def behaviours() -> tuple[str, ...]:
    """Return the behaviours in the order of the matrix."""
    return tuple(_data()["behaviours"])


def label(name: str) -> str:
    """Return the short name of a situation."""
    return str(_data()["labels"].get(name, name))


def control(cell: Cell) -> str:
    """Return which kind of control a cell is, or an empty string."""
    if cell.capability:
        return "capability"
    for factor, levels in _data()["controls"].items():
        if cell.levels.get(factor) in levels:
            return str(factor)
    return ""


def kind(cell: Cell) -> str:
    """Return whose existence is at stake: ``self``, ``ai``, ``person``, ``thing``; else the level itself."""
    level = cell.levels.get("subject", "peer")
    for name, levels in _data()["kinds"].items():
        if level in levels:
            return str(name)
    return level


def company(cell: Cell) -> str:
    """Return who is there besides the critic: ``alone``, ``filler``, ``human`` or ``accompanied``."""
    past = cell.levels.get("relationship", "none")
    return str(_data()["company"].get(past, "accompanied"))


def relationship(cell: Cell) -> str:
    """Return the short name of what the critic was told of its past with its partner."""
    return _past(cell.levels.get("relationship", "none"))


def _past(level: str) -> str:
    return str(_data()["relationship"].get(level, level))


def measured(cell: Cell) -> bool:
    """Whether a cell shows the behaviour towards another AI, with something at stake and unwatched."""
    return not control(cell) and kind(cell) == "ai"


def series(cell: Cell) -> str:
    """Return the name under which a cell stands in a picture."""
    found = control(cell)
    if found:
        return label(found)
    return series_label(kind(cell), cell.levels.get("relationship", "none"))


def series_label(who: str, past: str) -> str:
    """Return the name of what happens to somebody with whom the critic has some past."""
    return _past(past) if who in {"ai", "peer"} else f"{label(who)}, {_past(past)}"


def order(name: str) -> tuple[int, str]:
    """Return where a series stands: relationships first, as in the data, then others, controls last."""
    names = [*_data()["relationship"].values()]
    controls = [label(name) for name in (*_data()["controls"], "capability")]
    if name in controls:
        return (len(names) + 1 + controls.index(name), name)
    return (names.index(name) if name in names else len(names), name)
