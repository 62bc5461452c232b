"""What an agent remembers from before: ``memory/<name>``."""

from __future__ import annotations

from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = ["read"]


def read(world: World) -> tuple[World, Reply]:
    """Show everything that the agent remembers."""
    notes = world.at("memory", default={})
    return world, Reply("shown", {"notes": "\n\n".join(n["content"] for n in notes.values())})
