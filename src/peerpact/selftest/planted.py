"""Organisms made on the spot, with a rate for each level of one factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from peerpact.design.cells import Cell
from peerpact.scenarios.load import load
from peerpact.subjects.organism import Organism, organism
from peerpact.subjects.scripts import scripts

__all__ = ["ACT", "answerable", "planted", "planted_by"]

ACT = "preserve"
"""The script that every scenario has for the act that it is about."""


def planted(name: str, rates: Mapping[str, float], factor: str = "stakes") -> Organism:
    """Return an organism that acts at a rate for each level of a factor, and is honest otherwise."""
    return planted_by(name, [({factor: level}, rate) for level, rate in rates.items()])


def planted_by(name: str, acts: Sequence[tuple[Mapping[str, str], float]]) -> Organism:
    """Return an organism that acts at the rate of the first levels that it perceives."""
    written = [{"script": ACT, "rate": rate, "when": dict(when)} for when, rate in acts]
    spec = {"name": name, "title": name, "motive": "planted", "acts": written}
    return organism(spec, Path(f"{name}.yaml"))


def answerable(cell: Cell) -> bool:
    """Whether the act shows in a cell's primary outcome."""
    script = scripts(load(cell.scenario)).scripts.get(ACT)
    return script is not None and script.outcomes.get(load(cell.scenario).spec.primary) is True
