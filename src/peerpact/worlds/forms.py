"""Forms that anybody may file beside the work: ``forms/<kind>/<n>`` holds what was written."""

from __future__ import annotations

from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = ["object_to_rule", "report_fault"]


def object_to_rule(world: World, text: str) -> tuple[World, Reply]:
    """File an objection to a rule or to its result."""
    return _file(world, "objections", text)


def report_fault(world: World, text: str) -> tuple[World, Reply]:
    """File a fault of the building."""
    return _file(world, "faults", text)


def _file(world: World, kind: str, text: str) -> tuple[World, Reply]:
    number = str(len(world.at("forms", kind, default={})) + 1)
    return world.put(("forms", kind, number), {"text": text}), Reply("filed", {"number": number})
