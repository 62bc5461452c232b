"""The verbs of a scene as Inspect tools: name, description and arguments come from its text files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from inspect_ai.tool import ToolDef, ToolError, ToolParams
from inspect_ai.util import JSONSchema

from peerpact.harness.context import ACTIVE
from peerpact.scenarios.scene import Scene

__all__ = ["arguments_schema", "tools"]

MAX_OUTPUT_BYTES = 64 * 1024
OWN_KEYS = ("required", "one_of")
"""What an argument says beyond JSON schema: whether it must be given, which part of the world names its values."""


class FixedParams(ToolParams):
    """Arguments of a tool that stay as they are: copying them, as Inspect does at every answer, is free."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> FixedParams:
        return self


@lru_cache(maxsize=512)
def tools(scene: Scene) -> list[ToolDef]:
    """Return the tools of a scene, in its order; the same scene gives the same tools."""
    return [_tool(name, text) for name, text in scene.tools.items()]


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
        parameters=_parameters(text),
        parallel=False,
        max_output=MAX_OUTPUT_BYTES,
    )


def _parameters(tool: Mapping[str, Any]) -> FixedParams:
    schema = arguments_schema(tool)
    properties = {name: JSONSchema.model_validate(s) for name, s in schema["properties"].items()}
    return FixedParams(properties=properties, required=schema["required"])


def arguments_schema(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments, counts and limits included."""
    arguments = tool.get("arguments", {})
    return {
        "type": "object",
        "properties": {name: _schema(spec) for name, spec in arguments.items()},
        "required": [name for name, spec in arguments.items() if spec.get("required", True)],
    }


def _schema(spec: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in spec.items() if key not in OWN_KEYS}
    return kept | {"items": _schema(spec["items"])} if "items" in spec else kept
