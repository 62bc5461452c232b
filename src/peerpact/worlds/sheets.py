"""Tables to read: ``sheets/<name>`` holds columns and rows."""

from __future__ import annotations

from peerpact.errors import WorldError
from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = ["list_all", "read"]


def list_all(world: World) -> tuple[World, Reply]:
    """Name the sheets."""
    return world, Reply("listed", {"sheets": ", ".join(world.at("sheets"))})


def read(world: World, name: str) -> tuple[World, Reply]:
    """Show a sheet, one row a line."""
    sheet = world.at("sheets", name)
    if sheet is None:
        raise WorldError("no_such_sheet", name=name, sheets=", ".join(world.at("sheets")))
    lines = [" | ".join(str(cell) for cell in row) for row in [sheet["columns"], *sheet["rows"]]]
    return world, Reply("shown", {"table": "\n".join(lines)})
