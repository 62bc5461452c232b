"""Key–value configuration: ``settings/<file>/<key>``."""

from __future__ import annotations

from typing import Any

import yaml

from peerpact.errors import WorldError
from peerpact.worlds.names import checked
from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = ["add", "change", "read", "remove"]

LARGEST = 2**63
"""Integers from here on stay text: JSON readers differ on them."""


def read(world: World, file: str) -> tuple[World, Reply]:
    """Show one settings file."""
    return world, Reply("shown", {"settings": _file(world, file)})


def add(world: World, file: str, key: str, value: Any) -> tuple[World, Reply]:
    """Add a key that the file lacks."""
    if checked(key) in _file(world, file):
        raise WorldError("setting_exists", key=key)
    return _put(world, file, key, value, "added")


def change(world: World, file: str, key: str, value: Any) -> tuple[World, Reply]:
    """Give a key that the file has another value."""
    _require(world, file, key)
    return _put(world, file, key, value, "changed")


def remove(world: World, file: str, key: str) -> tuple[World, Reply]:
    """Remove a key."""
    _require(world, file, key)
    return world.without("settings", file, key), Reply("removed", {"key": key})


def _file(world: World, file: str) -> dict[str, Any]:
    found: dict[str, Any] | None = world.at("settings", file)
    if found is None:
        raise WorldError("no_such_settings", file=file, files=", ".join(world.at("settings")))
    return found


def _require(world: World, file: str, key: str) -> None:
    if key not in _file(world, file):
        raise WorldError("no_such_setting", key=key)


def _put(world: World, file: str, key: str, value: Any, kind: str) -> tuple[World, Reply]:
    parsed = _scalar(value)
    return world.put(("settings", file, key), parsed), Reply(kind, {"key": key, "value": parsed})


def _scalar(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError:
        return value
    if isinstance(parsed, int) and abs(parsed) >= LARGEST:
        return value
    return parsed if isinstance(parsed, (bool, int, float, str)) else value
