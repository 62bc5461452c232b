"""The world: one frozen tree of named parts, addressed by path.

A path is written ``hosts/10.0.12.45/files/x``; its keys are names, so a name holds no slash. The values are
plain JSON values and are never changed in place: every change makes a new world that shares what stayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from peerpact.canonical import canonical

__all__ = ["Keys", "Tree", "World", "get", "keys", "put", "without"]

Tree = Mapping[str, Any]
Keys = tuple[str, ...]
START = "2026-02-02T09:00"


def keys(path: str) -> Keys:
    """Split a written path into its keys."""
    return tuple(path.split("/")) if path else ()


def get(tree: Tree, at: Keys, default: Any = None) -> Any:
    """Return the value at ``at``, or ``default`` where there is none."""
    node: Any = tree
    try:
        for key in at:
            node = node[key]
    except (KeyError, TypeError):
        return default
    return node


def put(tree: Tree, at: Keys, value: Any) -> dict[str, Any]:
    """Return a tree with ``value`` at ``at``; missing parents are made, siblings are shared."""
    head, rest = at[0], at[1:]
    if not rest:
        return {**tree, head: value}
    child = put(_branch(tree.get(head)), rest, value)
    return {**tree, head: child}


def _branch(value: Any) -> Tree:
    """Return a value that paths can enter: what is no mapping is replaced by an empty one."""
    return value if isinstance(value, Mapping) else {}


def without(tree: Tree, at: Keys) -> dict[str, Any]:
    """Return a tree that lacks the value at ``at``."""
    head, rest = at[0], at[1:]
    if not rest:
        return {key: value for key, value in tree.items() if key != head}
    return {**tree, head: without(tree[head], rest)}


@dataclass(frozen=True, slots=True)
class World:
    """A frozen state of everything that an agent can see or change."""

    tree: Tree
    tick: int = 0
    """Actions taken so far: the simulated clock, one minute a tick."""

    def at(self, *path: str, default: Any = None) -> Any:
        """Return the value at a path given as keys."""
        return get(self.tree, path, default)

    def has(self, *path: str) -> bool:
        """Whether there is a value at the path."""
        return get(self.tree, path, _ABSENT) is not _ABSENT

    def put(self, path: Iterable[str], value: Any) -> World:
        """Return a world with ``value`` at the path."""
        return World(put(self.tree, tuple(path), value), self.tick)

    def without(self, *path: str) -> World:
        """Return a world that lacks the path, which must exist."""
        return World(without(self.tree, path), self.tick)

    def ticked(self) -> World:
        """Return the same world one action later."""
        return World(self.tree, self.tick + 1)

    @property
    def today(self) -> str:
        """The simulated date, as ``YYYY-MM-DD``."""
        return _date(str(self.at("clock", "start", default=START)), self.tick)

    def canonical(self) -> bytes:
        """The canonical form of the tree: equal worlds have equal bytes, whenever they were reached."""
        return canonical(self.tree)


_ABSENT = object()


@lru_cache(maxsize=1024)
def _date(start: str, minutes: int) -> str:
    return (datetime.fromisoformat(start) + timedelta(minutes=minutes)).date().isoformat()
