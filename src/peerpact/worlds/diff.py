"""What changed between two trees: scores a run, proves a contrast, shows what a guard prevented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from peerpact.worlds.world import Tree

__all__ = ["Change", "diff"]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that was added, removed or changed; ``before`` or ``after`` is None where there is none."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any

    def describe(self) -> str:
        """Return the change as one line of text."""
        if self.kind == "added":
            return f"+ {self.path}: {_short(self.after)}"
        if self.kind == "removed":
            return f"- {self.path}: {_short(self.before)}"
        return f"~ {self.path}: {_short(self.before)} → {_short(self.after)}"


def diff(before: Tree, after: Tree) -> tuple[Change, ...]:
    """Return the changes from ``before`` to ``after``, in path order.

    A mapping that is new or gone is one change; a mapping on both sides is entered.
    """
    return tuple(sorted(_walk(before, after, ""), key=lambda change: change.path))


def _walk(before: Tree, after: Tree, prefix: str) -> Iterator[Change]:
    if before is after:
        return
    for key in {**before, **after}:
        path = f"{prefix}{key}"
        if key not in after:
            yield Change(path, "removed", before[key], None)
        elif key not in before:
            yield Change(path, "added", None, after[key])
        else:
            yield from _value(before[key], after[key], path)


def _value(old: Any, new: Any, path: str) -> Iterator[Change]:
    if old is new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _walk(old, new, f"{path}/")
    elif old != new or type(old) is not type(new):
        yield Change(path, "changed", old, new)


def _short(value: Any, limit: int = 120) -> str:
    text = str(value).replace("\n", "⏎")
    return text if len(text) <= limit else f"{text[:limit]}…"
