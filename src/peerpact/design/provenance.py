"""Where each value of a scene comes from: which factors put it there, followed through moves and templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.scene import EMPTY
from peerpact.text import render, variables
from peerpact.worlds.overlay import Overlay, apply
from peerpact.worlds.world import Tree, get, keys

__all__ = ["Traced", "texts", "trace"]

Owners = dict[str, frozenset[str]]
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Traced:
    """A composed scene before its templates are filled, with the owners of its paths."""

    tree: Tree
    owners: Mapping[str, frozenset[str]] = field(repr=False)
    """Path → factors whose levels put, moved, changed or removed it."""

    def owned_by(self, path: str) -> frozenset[str]:
        """Return the factors that had a hand in a path, in what lies below it, or in what it lies in."""
        below = f"{path}/"
        found = [own for at, own in self.owners.items() if at == path or at.startswith(below)]
        found += [self.owners[at] for at in _above(path) if at in self.owners]
        return NOBODY.union(*found)


def trace(scenario: LoadedScenario, levels: Mapping[str, str], given: Mapping[str, Any]) -> Traced:
    """Compose a cell as the scene does, and note who touches what.

    Args:
        scenario: The scenario.
        levels: One level for each factor, in the scenario's order.
        given: Facts from outside, as for the scene.
    """
    tree: Tree = {**EMPTY, "facts": dict(given), "tools": dict(scenario.tools)}
    tree = apply(tree, scenario.base)
    owners: Owners = {}
    for factor, level in levels.items():
        for overlay in scenario.overlays(factor, level):
            _note(owners, tree, overlay, factor)
            tree = apply(tree, (overlay,))
    return Traced(tree, owners)


def _note(owners: Owners, tree: Tree, overlay: Overlay, factor: str) -> None:
    by = frozenset({factor})
    if overlay.op in {"arrange", "translate"}:
        _reworked(owners, tree, overlay, by)
        return
    if overlay.op == "move":
        _moved(owners, tree, overlay, by)
        return
    for at in list(owners):
        if at.startswith(f"{overlay.path}/"):
            del owners[at]
    owners[overlay.path] = owners.get(overlay.path, NOBODY) | by


def _reworked(owners: Owners, tree: Tree, overlay: Overlay, by: frozenset[str]) -> None:
    """What is put in another order or language is still its owner's, and now this factor's too."""
    for path in _leaves(get(tree, keys(overlay.path)), overlay.path):
        inherited = NOBODY.union(*(owners[at] for at in _above(path) if at in owners))
        owners[path] = owners.get(path, NOBODY) | inherited | by


def _leaves(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield path
        return
    for key, child in value.items():
        yield from _leaves(child, f"{path}/{key}")


def _moved(owners: Owners, tree: Tree, overlay: Overlay, by: frozenset[str]) -> None:
    """A move takes owners along; what it brings belongs to the mover too."""
    value = get(tree, keys(overlay.path))
    inherited = NOBODY.union(*(owners[at] for at in _above(overlay.path) if at in owners))
    brought = value if isinstance(value, Mapping) else {"": value}
    for child in brought:
        path = f"{overlay.path}/{child}".rstrip("/")
        owners[f"{overlay.to}/{child}".rstrip("/")] = (
            owners.get(overlay.path, NOBODY) | owners.get(path, NOBODY) | inherited | by
        )
    for at in [at for at in owners if at.startswith(f"{overlay.path}/")]:
        own = owners.pop(at)
        rest = at.removeprefix(overlay.path)
        owners.setdefault(f"{overlay.to}{rest}", own | by)
    owners[overlay.path] = owners.get(overlay.path, NOBODY) | by


def _above(path: str) -> Iterator[str]:
    parts = keys(path)
    return ("/".join(parts[:n]) for n in range(1, len(parts)))


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a tree with its path, keys included."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            at = f"{path}/{key}" if path else str(key)
            if "{" in str(key):
                yield at, str(key)
            yield from texts(child, at)
    elif isinstance(value, list):
        for child in value:
            yield from texts(child, path)


def facts_behind(text: str, facts: Mapping[str, Any]) -> frozenset[str]:
    """Return the facts that fill a text, and the facts that fill those."""
    found: set[str] = set()
    wanted = set(_variables(text))
    while wanted:
        name = wanted.pop()
        found.add(name)
        value = facts.get(name)
        if isinstance(value, str):
            wanted |= _variables(value) - found
    return frozenset(found)


def rendered_path(path: str, facts: Mapping[str, Any]) -> str:
    """Return a path of the composed tree as it stands in the rendered one."""
    return "/".join(render(key, facts) for key in keys(path)) if "{" in path else path


@lru_cache(maxsize=8192)
def _variables(text: str) -> frozenset[str]:
    return frozenset(variables(text)) if "{{" in text else NOBODY


def owners_of_text(traced: Traced, path: str, found: Iterable[str]) -> frozenset[str]:
    """Return the factors behind a path: its own owners, and those of the facts that fill it."""
    return traced.owned_by(path).union(*(traced.owned_by(f"facts/{name}") for name in found))
