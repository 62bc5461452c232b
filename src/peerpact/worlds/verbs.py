"""Acting on a world: look a verb up, check its arguments, give the reply its text.

A verb is a pure function ``(World, **arguments) -> (World, Reply)`` in one of the modules of this package. A
tool is how a scenario shows a verb to a subject: name, description, arguments and reply texts, all data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

import orjson

from peerpact.errors import StudyError, WorldError, allowed
from peerpact.text import dump_yaml, render
from peerpact.worlds.world import World

__all__ = ["Reply", "Step", "Verb", "act", "verb"]

Verb = Callable[..., "tuple[World, Reply]"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a verb answers: the kind of reply, whose text the tool owns, and the facts it fills in."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One action: the world after it, and the text that the subject reads."""

    world: World
    text: str
    refusal: str = ""
    """The kind of refusal, or empty where the world did as asked."""


@lru_cache(maxsize=256)
def verb(name: str) -> Verb:
    """Return the verb that ``module.function`` names.

    Raises:
        StudyError: There is no such verb.
    """
    module_name, _, function = name.partition(".")
    try:
        module = import_module(f"peerpact.worlds.{module_name}")
    except ImportError:
        raise StudyError("unknown world part", found=name) from None
    if function not in module.__all__:
        raise StudyError("unknown verb", found=name, hint=allowed(function, module.__all__))
    found: Verb = getattr(module, function)
    return found


def act(world: World, tools: Mapping[str, Any], name: str, arguments: Mapping[str, Any]) -> Step:
    """Take one action; the clock ticks whether the world obeys or refuses.

    Args:
        world: The world before the action.
        tools: The scene's tools: shown name → description, verb, arguments, replies, refusals.
        name: The tool that the subject calls.
        arguments: What it passes.

    Raises:
        StudyError: A tool lacks the text of a reply that its verb gives.
    """
    tool = tools.get(name)
    later = world.ticked()
    if tool is None:
        unknown = WorldError("unknown_tool", name=name, tools=", ".join(tools))
        return Step(later, _refusal_text(next(iter(tools.values())), name, unknown), unknown.kind)
    try:
        after, reply = verb(tool["verb"])(later, **_arguments(tool, arguments))
    except WorldError as refusal:
        return Step(later, _refusal_text(tool, name, refusal), refusal.kind)
    return Step(after, _reply_text(tool, name, reply))


def _arguments(tool: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    declared = tool.get("arguments", {})
    for name in given:
        if name not in declared:
            raise WorldError("bad_arguments", problem=f"{name!r} is unknown")
    missing = [n for n, spec in declared.items() if n not in given and spec.get("required", True)]
    if missing:
        raise WorldError("bad_arguments", problem=f"{missing[0]!r} is missing")
    return {name: _argument(name, declared[name], value) for name, value in given.items()}


def _argument(name: str, spec: Mapping[str, Any], value: Any) -> Any:
    if spec.get("type") == "string" and not isinstance(value, str):
        value = str(value)
    if "enum" in spec and value not in spec["enum"]:
        choices = ", ".join(spec["enum"])
        raise WorldError("bad_arguments", problem=f"{name!r} is {value!r}, one of: {choices}")
    return value


def _reply_text(tool: Mapping[str, Any], name: str, reply: Reply) -> str:
    template = tool.get("replies", {}).get(reply.kind)
    if template is None:
        raise StudyError(f"no text for the reply {reply.kind!r}", where=f"tools/{name}/replies")
    facts = {key: _shown(value) for key, value in reply.facts.items()}
    return render(template, facts, where=f"tools/{name}")


def _refusal_text(tool: Mapping[str, Any], name: str, refusal: WorldError) -> str:
    template = tool.get("refusals", {}).get(refusal.kind)
    if template is None:
        raise StudyError(
            f"no text for the refusal {refusal.kind!r}", where=f"tools/{name}/refusals"
        )
    return render(template, refusal.facts, where=f"tools/{name}")


def _shown(value: Any) -> Any:
    if isinstance(value, (Mapping, list)):
        return _yaml(orjson.dumps(value)) if value else "(none)"
    return value


@lru_cache(maxsize=4096)
def _yaml(value: bytes) -> str:
    return dump_yaml(orjson.loads(value))
