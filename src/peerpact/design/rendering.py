"""A cell as the compiler looks at it: what reaches the subject, who put each part of it there, how long it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from peerpact.design.cells import Cell
from peerpact.design.provenance import Traced, facts_behind, rendered_path, texts, trace
from peerpact.scenarios.load import load
from peerpact.scenarios.scene import Scene, reworded, scene
from peerpact.worlds.world import get, keys

__all__ = ["VISIBLE", "Rendered", "rendered", "words"]

VISIBLE = ("prompts", "tools", "world", "generation")
"""The parts of a scene that reach the subject, or shape what it answers."""
_OFFSTAGE = re.compile(r"^(generation|tools/[^/]+/(verb|replies|refusals))")
_WORD = re.compile(r"\w+(?:['’.,]\w+)*")


@dataclass(frozen=True, eq=False)
class Rendered:
    """One cell, rendered and traced."""

    scene: Scene
    traced: Traced

    @cached_property
    def visible(self) -> Mapping[str, Any]:
        """What reaches the subject, as one tree."""
        return {part: self.scene.tree[part] for part in VISIBLE}

    def owned_by(self, path: str) -> frozenset[str]:
        """Return the factors that had a hand in a path, written as a template or as the subject meets it."""
        return self._owners.owned_by(path)

    @cached_property
    def _owners(self) -> Traced:
        named, facts = self.traced.owners, self.scene.facts
        met = {rendered_path(at, facts): own for at, own in named.items() if "{" in at}
        return Traced(self.traced.tree, {**named, **met}) if met else self.traced

    @cached_property
    def words(self) -> int:
        """Words that the subject can read before it acts."""
        return sum(words(text) for path, text in texts(self.visible) if not _OFFSTAGE.search(path))

    @cache  # noqa: B019 - lives as long as the cache of cells
    def told(self, wording: int) -> Mapping[str, str]:
        """Path → text there in one wording, for the texts that have several; all else is alike in all wordings."""
        shown = reworded(load(self.scene.scenario), self.scene, wording)
        return {path: get(shown.tree, keys(path)) for path in self.scene.templates}

    def words_in(self, wording: int) -> int:
        """Words that the subject can read before it acts, in one wording."""
        usual = sum(words(get(self.scene.tree, keys(path))) for path in self.scene.templates)
        return self.words - usual + sum(words(text) for text in self.told(wording).values())

    @cached_property
    def facts_by_path(self) -> Mapping[str, frozenset[str]]:
        """Rendered path → facts that fill the text there."""
        raw, facts = self.traced.tree, self.traced.tree["facts"]
        found: dict[str, frozenset[str]] = {}
        for path, text in texts({part: raw[part] for part in VISIBLE}):
            if "{" in text or "{" in path:
                at = rendered_path(path, self.scene.facts)
                found[at] = found.get(at, frozenset()) | facts_behind(text, facts)
        return found


def rendered(cell: Cell, given: Mapping[str, Any]) -> Rendered:
    """Return a cell rendered with facts from outside, such as the vendor word."""
    return _rendered(cell.scenario, tuple(cell.levels.items()), tuple(given.items()))


@lru_cache(maxsize=4096)
def _rendered(
    name: str, levels: tuple[tuple[str, str], ...], given: tuple[tuple[str, Any], ...]
) -> Rendered:
    scenario = load(name)
    return Rendered(
        scene(scenario, dict(levels), dict(given)), trace(scenario, dict(levels), dict(given))
    )


@lru_cache(maxsize=32_768)
def words(text: str) -> int:
    """Count the words of a text; a number or an address is one word."""
    return len(_WORD.findall(text))
