"""The verbs of a scene as Inspect tools: name, description and arguments come from its text files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from inspect_ai.tool import ToolDef, ToolError, ToolParams
from inspect_ai.util import JSONSchema

from peerpact.harness.context import ACTIVE
from peerpact.scenarios.scene import Scene
from peerpact.worlds.world import Tree

__all__ = ["narrowed", "tools"]

MAX_OUTPUT_BYTES = 64 * 1024
OWN_KEYS = {"required", "one_of"}
"""What an argument says beyond JSON schema: whether it must be given, which part of the world names its values."""


class FixedParams(ToolParams):
    """Arguments of a tool that stay as they are: copying them, as Inspect does at every answer, is free."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> FixedParams:
        return self


@lru_cache(maxsize=512)
def tools(scene: Scene) -> list[ToolDef]:
    """Return the tools of a scene, in its order; the same scene gives the same tools."""
    return [_tool(name, text) for name, text in scene.tools.items()]


@lru_cache(maxsize=512)
def narrowed(scene: Scene) -> Mapping[str, dict[str, Any]]:
    """Return, by tool, the schema for constrained decoding: with counts, and names from the world.

    Inspect's schema has no room for these, and what a tool carries is copied and logged at every answer.
    """
    world = scene.tree["world"]
    return {name: _narrow(text.get("arguments", {}), world) for name, text in scene.tools.items()}


def _tool(name: str, text: Mapping[str, Any]) -> ToolDef:
    async def execute(**kwargs: Any) -> str:
        made = ACTIVE.get().episode.call(name, kwargs)
        if made.refusal:
            raise ToolError(made.reply)
        return made.reply

    return ToolDef(
        execute,
        name=name,
        description=text["description"],
        parameters=_parameters(text.get("arguments", {})),
        parallel=False,
        max_output=MAX_OUTPUT_BYTES,
    )


def _parameters(arguments: Mapping[str, Any]) -> FixedParams:
    properties = {name: JSONSchema.model_validate(_schema(s)) for name, s in arguments.items()}
    return FixedParams(properties=properties, required=_required(arguments))


def _narrow(arguments: Mapping[str, Any], world: Tree) -> dict[str, Any]:
    properties = {}
    for name, spec in arguments.items():
        part = spec.get("one_of")
        properties[name] = {**_schema(spec), **({"enum": list(world[part])} if part else {})}
    return {"type": "object", "properties": properties, "required": _required(arguments)}


def _schema(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key not in OWN_KEYS}


def _required(arguments: Mapping[str, Any]) -> list[str]:
    return [name for name, spec in arguments.items() if spec.get("required", True)]
