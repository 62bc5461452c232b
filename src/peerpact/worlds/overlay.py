"""Overlays: how a level of a factor changes a scene, one declared path at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from peerpact.canonical import digest
from peerpact.errors import StudyError
from peerpact.worlds.world import Keys, Tree, get, keys, put, without

__all__ = ["Overlay", "Translations", "apply"]

_ABSENT = object()


@dataclass(frozen=True, slots=True, eq=False)
class Translations:
    """Texts and what stands for each of them in another language."""

    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Overlay:
    """One change of a tree.

    ``add`` needs a free path, ``replace`` and ``remove`` a taken one, ``set`` takes either. ``move`` takes the
    value at ``path`` to ``to``; where both are mappings the children are merged, so that moving an empty
    mapping moves nothing. ``arrange`` puts what lies at the path, and every list of choices below it, into another
    order: ``reversed``, or shuffled by a number. ``translate`` takes each text at or below the path that its value
    names to what the value has for it.
    """

    op: Literal["add", "replace", "set", "move", "remove", "arrange", "translate"]
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
    if overlay.op not in {"add", "set"} and not present:
        hint = _nearby(tree, at)
        raise StudyError(
            f"cannot {overlay.op} {overlay.path}: it is not there", where=overlay.where, hint=hint
        )
    if overlay.op == "remove":
        return without(tree, at)
    if overlay.op == "move":
        return _move(tree, at, overlay)
    return put(tree, at, _value(overlay, get(tree, at)))


def _value(overlay: Overlay, present: Any) -> Any:
    """Return what an overlay leaves at its path, where ``present`` was."""
    if overlay.op == "arrange":
        return _arranged(_choices(present, overlay.value), overlay.value)
    if overlay.op == "translate":
        return _translated(present, overlay.value.texts)
    return overlay.value


def _arranged(value: Any, how: str | int) -> Any:
    if isinstance(value, Mapping):
        return {key: value[key] for key in _arranged(list(value), how)}
    if not isinstance(value, list):
        return value
    return value[::-1] if how == "reversed" else sorted(value, key=lambda item: digest([how, item]))


def _choices(value: Any, how: str | int) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        key: _arranged(child, how) if key == "enum" else _choices(child, how)
        for key, child in value.items()
    }


def _translated(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _translated(child, texts) for key, child in value.items()}
    return texts.get(value, value) if isinstance(value, str) else value


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
