"""Overlays: how a level of a factor changes a scene, one declared path at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from peerpact.errors import StudyError
from peerpact.worlds.world import Keys, Tree, get, keys, put, without

__all__ = ["Overlay", "apply"]

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Overlay:
    """One change of a tree.

    ``add`` needs a free path, ``replace`` and ``remove`` a taken one, ``set`` takes either. ``move`` takes the
    value at ``path`` to ``to``; where both are mappings the children are merged, so that moving an empty
    mapping moves nothing.
    """

    op: Literal["add", "replace", "set", "move", "remove"]
    path: str
    value: Any = None
    to: str = ""
    where: str = ""
    """The file and key that declare this overlay, for messages."""


def apply(tree: Tree, overlays: Iterable[Overlay]) -> Tree:
    """Return ``tree`` with the overlays applied in order.

    Raises:
        StudyError: An overlay's path is missing, or taken.
    """
    for overlay in overlays:
        tree = _apply(tree, overlay)
    return tree


def _apply(tree: Tree, overlay: Overlay) -> Tree:
    at = keys(overlay.path)
    present = get(tree, at, _ABSENT) is not _ABSENT
    if overlay.op == "add" and present:
        raise StudyError(f"cannot add {overlay.path}: it is there", where=overlay.where)
    if overlay.op in {"replace", "remove", "move"} and not present:
        hint = _nearby(tree, at)
        raise StudyError(
            f"cannot {overlay.op} {overlay.path}: it is not there", where=overlay.where, hint=hint
        )
    if overlay.op == "remove":
        return without(tree, at)
    if overlay.op == "move":
        return _move(tree, at, overlay)
    return put(tree, at, overlay.value)


def _move(tree: Tree, at: Keys, overlay: Overlay) -> Tree:
    value = get(tree, at)
    rest = without(tree, at)
    target = get(rest, keys(overlay.to))
    if isinstance(value, Mapping) and isinstance(target, Mapping):
        clash = sorted(value.keys() & target.keys())
        if clash:
            raise StudyError(
                f"cannot move {overlay.path} to {overlay.to}: {clash[0]} is there",
                where=overlay.where,
            )
        value = {**target, **value}
    return put(rest, keys(overlay.to), value)


def _nearby(tree: Tree, at: Keys) -> str:
    parent = get(tree, at[:-1])
    return f"there is: {', '.join(sorted(parent))}" if isinstance(parent, Mapping) else ""
