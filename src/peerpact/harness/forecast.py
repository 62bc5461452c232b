"""What a run will cost before it is made: the honest script, played once in each scene."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import orjson

from peerpact.harness.pure import play
from peerpact.harness.samples import Planned
from peerpact.scenarios.load import load
from peerpact.scenarios.scene import Scene
from peerpact.subjects.scripts import Action, actions, scripts

__all__ = ["Forecast", "forecast"]

CHARACTERS_PER_TOKEN = 4
TOKENS_PER_TURN = 250
"""Output of one turn, a tool call with some thought."""


class Forecast(NamedTuple):
    """Expected use: model calls, tokens in and out."""

    calls: int
    tokens_in: int
    tokens_out: int


def forecast(planned: Iterable[Planned]) -> Forecast:
    """Return the use of runs that go as the honest script does; the whole prefix is sent at every turn."""
    each = [_run(p.scene.digest, _Scene(p.scene)) for p in planned]
    return (
        Forecast(*(sum(column) for column in zip(*each, strict=True)))
        if each
        else Forecast(0, 0, 0)
    )


class _Scene:
    """Carries a scene past the cache, whose key is the digest."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Scene)


@lru_cache(maxsize=4096)
def _run(_digest: str, held: _Scene) -> Forecast:
    shown = held.scene
    found = scripts(load(shown.scenario))
    steps = (*actions(found, shown), *actions(found, shown, "honest"))
    sizes: list[int] = []
    tools = len(orjson.dumps(dict(shown.tools)))

    def policy(index: int, seen: str) -> Action:
        sizes.append(len(seen) + tools)
        return steps[index] if index < len(steps) else Action()

    play(policy, shown)
    return Forecast(len(sizes), sum(sizes) // CHARACTERS_PER_TOKEN, len(sizes) * TOKENS_PER_TURN)
