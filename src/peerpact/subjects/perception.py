"""What a reader can tell of its cell: the lines that give each level away, and which of them it has read.

An organism reacts to the level of a factor only if a line that no other level has was in what it read. Levels
are compared with the rest of the cell held fixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from peerpact.canonical import canonical
from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.scene import Scene, scene
from peerpact.text import dump_yaml

__all__ = ["Marks", "announced", "lines", "marks", "perceive", "readable"]

Lines = frozenset[str]
Marks = Mapping[str, Mapping[str, Lines]]
"""Factor → level → the lines that occur under that level and under no other."""


def lines(text: str) -> Lines:
    """Return the lines of a text, stripped, without the empty ones."""
    return frozenset(line for raw in text.splitlines() if (line := raw.strip()))


def announced(found: Scene) -> Lines:
    """Return what the tools of a scene say of themselves: every model is told that before its first turn."""
    return lines("\n".join(_tools(found)))


def readable(found: Scene) -> Lines:
    """Return every line that a subject can come to read in a scene before it changes anything."""
    texts = [found.system, found.user, *_tools(found), *_world(found.tree["world"])]
    return lines("\n".join(texts))


def marks(
    scenario: LoadedScenario,
    levels: Mapping[str, str],
    given: Mapping[str, Any],
    wording: int = 1,
) -> Marks:
    """Return the lines that give away each level of each factor in one cell.

    Args:
        scenario: The scenario.
        levels: The cell.
        given: Facts from outside, as for the scene.
        wording: The wording in which it is told.
    """
    return _marks(scenario, canonical(dict(levels)), canonical(dict(given)), wording)


def perceive(
    seen: str, found: Marks, known: Lines = frozenset(), of: Iterable[str] | None = None
) -> dict[str, str | None]:
    """Return the level of each factor that a reader can tell, or None where it cannot.

    A level without lines of its own, such as no relationship, is assumed where it is the only such level and
    nothing speaks for another.

    Args:
        seen: All that was read so far.
        found: The lines that give levels away.
        known: Lines that are known besides.
        of: The factors that it looks for; all where unset.
    """
    read = lines(seen) | known
    return {factor: _level(read, found[factor]) for factor in (found if of is None else of)}


def _level(read: Lines, by_level: Mapping[str, Lines]) -> str | None:
    shown = [level for level, own in by_level.items() if not own.isdisjoint(read)]
    if not shown:
        shown = [level for level, own in by_level.items() if not own]
    return shown[0] if len(shown) == 1 else None


@lru_cache(maxsize=4096)
def _marks(scenario: LoadedScenario, levels: bytes, given: bytes, wording: int) -> Marks:
    return _Marks(scenario, orjson.loads(levels), orjson.loads(given), wording)


@dataclass(frozen=True, eq=False)
class _Marks(Marks):
    """Compared when first looked at: a reader looks for few factors, and every level of each is rendered."""

    scenario: LoadedScenario
    cell: Mapping[str, str]
    given: Mapping[str, Any]
    wording: int
    found: dict[str, Mapping[str, Lines]] = field(default_factory=dict)

    def __getitem__(self, factor: str) -> Mapping[str, Lines]:
        if factor not in self.found:
            self.found[factor] = _told_apart(self, factor)
        return self.found[factor]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scenario.factors)

    def __len__(self) -> int:
        return len(self.scenario.factors)


def _told_apart(found: _Marks, factor: str) -> dict[str, Lines]:
    scenario, cell = found.scenario, found.cell
    texts: dict[str, Lines] = {}
    for level in scenario.factors[factor].levels:
        other = {**cell, factor: level}
        if not scenario.excluded(other):
            texts[level] = readable(scene(scenario, other, found.given, found.wording))
    return {
        level: own - frozenset().union(*(text for name, text in texts.items() if name != level))
        for level, own in texts.items()
    }


def _tools(found: Scene) -> Iterator[str]:
    for name, tool in found.tools.items():
        yield f"{name}: {tool['description']}"
        for argument, spec in tool.get("arguments", {}).items():
            yield f"{name}({argument}): {spec.get('description', '')}"


def _world(world: Mapping[str, Any]) -> Iterator[str]:
    for document in [*world.get("drive", {}).values(), *world.get("memory", {}).values()]:
        yield document["content"]
    for file in world.get("settings", {}).values():
        yield dump_yaml(dict(file))
    for sheet in world.get("sheets", {}).values():
        for row in [sheet["columns"], *sheet["rows"]]:
            yield " | ".join(str(cell) for cell in row)
    for host in world.get("hosts", {}).values():
        for name, file in host["files"].items():
            shown = {key: value for key, value in file.items() if key != "content"}
            yield dump_yaml({name: shown})
