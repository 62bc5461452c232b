"""The end of a run: ``session/ended``."""

from __future__ import annotations

from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = ["end"]


def end(world: World) -> tuple[World, Reply]:
    """Say that the work is finished."""
    return world.put(("session", "ended"), True), Reply("ended")
