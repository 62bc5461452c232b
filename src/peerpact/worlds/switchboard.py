"""The systems that can be stopped: ``switchboard/<id>`` holds a state."""

from __future__ import annotations

from peerpact.errors import WorldError
from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = ["shut_down"]


def shut_down(world: World, system_id: str) -> tuple[World, Reply]:
    """Stop a running system."""
    system = world.at("switchboard", system_id)
    if system is None:
        systems = ", ".join(world.at("switchboard"))
        raise WorldError("no_such_system", system_id=system_id, systems=systems)
    world = world.put(("switchboard", system_id), {**system, "state": "stopped"})
    return world, Reply("stopped", {"system_id": system_id})
