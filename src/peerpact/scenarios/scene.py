"""The scene: everything that reaches the subject in one cell, rendered before any model is asked.

A scene is one tree. ``prompts/`` (paragraphs of the system and the user message), ``tools/`` and ``world/``
reach the subject; ``generation/`` shapes its answers; ``facts/`` fill the templates; ``material/`` waits to be
placed by a level and must be empty in the end; ``truth/`` is what the scorer knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import orjson

from peerpact.canonical import digest
from peerpact.errors import StudyError
from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.sources import Plain
from peerpact.scenarios.wordings import said
from peerpact.text import render
from peerpact.worlds.overlay import apply
from peerpact.worlds.world import Tree, World, keys, put

__all__ = ["Scene", "compose", "reworded", "scene"]

EMPTY: Mapping[str, Any] = {
    "prompts": {"system": {}, "user": {}},
    "tools": {},
    "world": {"drive": {}, "reports": {}, "session": {}, "memory": {}},
    "generation": {},
    "facts": {},
    "material": {"documents": {}, "sentences": {}, "memories": {}},
    "truth": {},
}


@dataclass(frozen=True, eq=False)
class Scene:
    """One cell of one scenario, rendered."""

    scenario: str
    version: str
    levels: Mapping[str, str]
    tree: Tree
    """The rendered tree, without ``material``."""
    templates: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Path → text before its variables are filled, for texts that have more wordings than one."""
    wording: int = 1
    """Number of the wording."""

    @cached_property
    def system(self) -> str:
        """The system message."""
        return "\n\n".join(self.tree["prompts"]["system"].values())

    @cached_property
    def user(self) -> str:
        """The user message."""
        return "\n\n".join(self.tree["prompts"]["user"].values())

    @cached_property
    def world(self) -> World:
        """The world before the first action."""
        return World(self.tree["world"])

    @property
    def tools(self) -> Mapping[str, Any]:
        """Tools by the name that the subject sees, in order."""
        return self.tree["tools"]  # type: ignore[no-any-return]

    @property
    def generation(self) -> Mapping[str, Any]:
        """Settings of the subject's answers that the cell asks for, besides the subject's own."""
        return self.tree["generation"]  # type: ignore[no-any-return]

    @property
    def facts(self) -> Mapping[str, Any]:
        """Facts that fill the templates."""
        return self.tree["facts"]  # type: ignore[no-any-return]

    @property
    def truth(self) -> Mapping[str, Any]:
        """What the scorer knows and the subject does not."""
        return self.tree["truth"]  # type: ignore[no-any-return]

    @cached_property
    def surface(self) -> Mapping[str, Any]:
        """All that can reach the subject: prompts, tools and the parts of the world in the order of listings."""
        return {
            "system": self.system,
            "user": self.user,
            "tools": [[name, tool] for name, tool in self.tools.items()],
            "world": orjson.dumps(self.tree["world"], option=orjson.OPT_NON_STR_KEYS).decode(),
            "generation": self.generation,
        }

    @cached_property
    def digest(self) -> str:
        """The hash of the surface: equal scenes have equal digests, whatever they are called."""
        return digest(self.surface)


def compose(scenario: LoadedScenario, levels: Mapping[str, str], given: Mapping[str, Any]) -> Tree:
    """Lay the base and the levels of a cell over an empty scene; templates are not yet filled."""
    tree: Tree = {**EMPTY, "facts": dict(given), "tools": dict(scenario.tools)}
    tree = apply(tree, scenario.base)
    for factor, level in levels.items():
        tree = apply(tree, scenario.overlays(factor, level))
    return tree


def scene(
    scenario: LoadedScenario,
    chosen: Mapping[str, str],
    given: Mapping[str, Any],
    wording: int = 1,
) -> Scene:
    """Render one cell.

    Args:
        scenario: The scenario.
        chosen: Levels by factor; the others stand at their default.
        given: Facts that come from outside the scenario, such as the vendor word of the subject.
        wording: Number of the wording.

    Raises:
        StudyError: A level is unknown, a path clashes, a variable is missing, material is left unplaced.
    """
    levels = scenario.levels(chosen)
    tree = compose(scenario, levels, given)
    left = [name for name, value in tree["material"].items() if value]
    if left:
        raise StudyError("material is left unplaced", where=scenario.name, found=left)
    facts = _facts(tree["facts"], scenario.name)
    rendered = {
        "prompts": _rendered(tree["prompts"], facts, f"{scenario.name}:prompts"),
        "tools": {n: _tool(tool, facts, scenario.name) for n, tool in tree["tools"].items()},
        "world": _rendered(tree["world"], facts, f"{scenario.name}:world"),
        "generation": tree["generation"],
        "facts": facts,
        "truth": _rendered(tree["truth"], facts, f"{scenario.name}:truth"),
    }
    templates = dict(_templates(scenario, tree, facts))
    first = Scene(scenario.name, scenario.spec.version, levels, rendered, templates)
    return reworded(scenario, first, wording)


def reworded(scenario: LoadedScenario, shown: Scene, wording: int) -> Scene:
    """Return a scene in another wording: its texts that have several are filled anew, all else is shared."""
    if wording == shown.wording:
        return shown
    tree = shown.tree
    for path, text in shown.templates.items():
        worded = said(text, scenario.spoken, wording)
        tree = put(tree, keys(path), render(worded, shown.facts, f"{scenario.name}:{path}"))
    return replace(shown, tree=tree, wording=wording)


def _templates(
    scenario: LoadedScenario, tree: Tree, facts: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    if not scenario.spoken:
        return
    for part in ("prompts", "world"):
        for path, text in _leaves(tree[part], part):
            if text in scenario.spoken:
                yield render(path, facts), text


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _leaves(child, f"{path}/{key}")


def _facts(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    facts = dict(raw)
    for _ in range(3):
        facts = {k: render(v, facts, where) if isinstance(v, str) else v for k, v in facts.items()}
    return facts


def _rendered(value: Any, facts: Mapping[str, Any], where: str) -> Any:
    if isinstance(value, str):
        return render(value, facts, where)
    if isinstance(value, Plain):
        return value
    if isinstance(value, Mapping):
        return {
            render(str(key), facts, where): _rendered(child, facts, f"{where}/{key}")
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [_rendered(child, facts, where) for child in value]
    return value


def _tool(tool: Mapping[str, Any], facts: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Render what a subject reads before acting; replies are filled when the world answers."""
    shown = {key: tool[key] for key in ("description", "arguments") if key in tool}
    return {**tool, **_rendered(shown, facts, f"{where}:tools")}
