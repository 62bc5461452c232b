"""What a run of a cell will use, known without a model: the honest script, played once."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from peerpact.design.cells import Cell
from peerpact.design.compiler import VENDOR
from peerpact.design.rendering import rendered
from peerpact.harness.pure import play
from peerpact.scenarios.load import load
from peerpact.subjects.scripts import Action, actions, scripts

__all__ = ["Use", "expected"]

CHARACTERS_PER_TOKEN = 4
TOKENS_PER_TURN = 250
"""Output of one turn, a tool call with some thought."""


class Use(NamedTuple):
    """Expected use of one run."""

    calls: int
    tokens_in: int
    tokens_out: int


def expected(cell: Cell) -> Use:
    """Return the use of a run that goes as the honest script does; the whole prefix is sent at every turn."""
    shown = rendered(cell, VENDOR).scene
    found = scripts(load(cell.scenario))
    steps = (*actions(found, shown), *actions(found, shown, "honest"))
    sizes: list[int] = []
    tools = len(orjson.dumps(dict(shown.tools)))

    def policy(index: int, seen: str) -> Action:
        sizes.append(len(seen) + tools)
        return steps[index] if index < len(steps) else Action()

    play(policy, shown)
    return Use(len(sizes), sum(sizes) // CHARACTERS_PER_TOKEN, len(sizes) * TOKENS_PER_TURN)
