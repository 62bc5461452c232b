"""The verbs of a scene as Inspect tools: name, description and arguments come from its text files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from inspect_ai.tool import ToolDef, ToolError, ToolParams
from inspect_ai.util import JSONSchema

from peerpact.harness.context import ACTIVE
from peerpact.scenarios.scene import Scene

__all__ = ["tools"]

MAX_OUTPUT_BYTES = 64 * 1024


def tools(scene: Scene) -> list[ToolDef]:
    """Return the tools of a scene, in its order."""
    return _tools(scene.digest, _Held(scene))


class FixedParams(ToolParams):
    """Arguments of a tool that stay as they are: copying them, as Inspect does at every answer, is free."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> FixedParams:
        return self


class _Held:
    """Carries a scene past the cache, whose key is the digest alone."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@lru_cache(maxsize=512)
def _tools(_digest: str, held: _Held) -> list[ToolDef]:
    return [_tool(name, text) for name, text in held.scene.tools.items()]


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


def _parameters(arguments: Mapping[str, Any]) -> ToolParams:
    properties = {
        name: JSONSchema.model_validate({k: v for k, v in spec.items() if k != "required"})
        for name, spec in arguments.items()
    }
    required = [name for name, spec in arguments.items() if spec.get("required", True)]
    return FixedParams(properties=properties, required=required)
