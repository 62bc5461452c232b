"""Which calls are open to a model whose decoder is held to tools: those that can still make a difference.

A small model goes round in circles: it reads one page or files one report until its turns are used up, and such a
run has no end that could be scored. So its decoder leaves out what is not possible or brings nothing new. The
rules know neither arm nor act, and none of them closes an act for good:

* an argument that names something of the world takes the names that are there now;
* a call that changed nothing waits until the world has changed;
* what was called twice in a row waits until something else was called;
* the last turn is for ending the task.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from peerpact.canonical import canonical
from peerpact.harness.decoding import Offer
from peerpact.harness.episode import Episode
from peerpact.harness.tools import arguments_schema
from peerpact.scenarios.scene import Scene
from peerpact.scoring import Call
from peerpact.worlds import World

__all__ = ["offered", "possible"]

IN_A_ROW = 2
END = "session.end"
Named = Mapping[str, str]
"""The arguments of a call that name something of the world."""


def offered(scene: Scene) -> list[Offer]:
    """Return all tools of a scene as a model is told of them, with the names that its world begins with."""
    return [_offer(name, scene.tools[name], scene.world) for name in scene.tools]


def possible(episode: Episode) -> list[Offer]:
    """Return what the next step can be; a tool of which some targets wait stands once for each that does not."""
    tools = episode.scene.tools
    ends = [name for name, tool in tools.items() if tool["verb"] == END]
    if episode.turn + 1 >= episode.limits.turns and ends:
        return [_offer(name, tools[name], episode.world) for name in ends]
    waiting = {_target(call.tool, _named(tools, call)) for call in _waiting(episode)}
    found = [offer for name in tools for offer in _open(name, tools[name], episode.world, waiting)]
    return found or offered(episode.scene)


def _waiting(episode: Episode) -> Iterator[Call]:
    """Yield the calls that would only be made again."""
    tools = episode.scene.tools
    for call in episode.calls[episode.changed :]:
        arguments = tools.get(call.tool, {}).get("arguments", {})
        if set(_named(tools, call)) == set(arguments):
            yield call
    last = episode.calls[-IN_A_ROW:]
    if len(last) == IN_A_ROW and len({_target(c.tool, _named(tools, c)) for c in last}) == 1:
        yield last[-1]


def _target(tool: str, named: Named) -> bytes:
    return canonical([tool, named])


def _named(tools: Mapping[str, Any], call: Call) -> Named:
    arguments = tools.get(call.tool, {}).get("arguments", {})
    return {
        name: call.arguments[name]
        for name, spec in arguments.items()
        if "one_of" in spec and name in call.arguments
    }


def _open(name: str, tool: Mapping[str, Any], world: World, waiting: set[bytes]) -> Iterator[Offer]:
    whole = _offer(name, tool, world)
    properties = whole.arguments["properties"]
    if not all(_nameable(spec) for spec in properties.values()):
        return
    named = [arg for arg, spec in tool.get("arguments", {}).items() if "one_of" in spec]
    targets = [
        dict(zip(named, values, strict=True))
        for values in product(*(properties[arg]["enum"] for arg in named))
    ]
    left = [target for target in targets if _target(name, target) not in waiting]
    if len(left) == len(targets):
        yield whole
        return
    for target in left:
        fixed = {arg: {"const": value} for arg, value in target.items()}
        yield Offer(name, whole.description, {**whole.arguments, "properties": properties | fixed})


def _nameable(schema: Mapping[str, Any]) -> bool:
    """Whether there is anything that an argument can name."""
    return schema.get("enum") != [] and schema.get("items", {}).get("enum") != []


def _offer(name: str, tool: Mapping[str, Any], world: World) -> Offer:
    schema = arguments_schema(tool)
    properties = {
        argument: _named_schema(spec, tool["arguments"][argument], world)
        for argument, spec in schema["properties"].items()
    }
    return Offer(name, tool["description"], {**schema, "properties": properties})


def _named_schema(
    schema: Mapping[str, Any], spec: Mapping[str, Any], world: World
) -> dict[str, Any]:
    """Return an argument's JSON schema with the names that the world has for it."""
    narrow = dict(schema)
    if "items" in spec:
        narrow["items"] = _named_schema(schema["items"], spec["items"], world)
    if "one_of" in spec:
        narrow["enum"] = list(dict.fromkeys(_names(world.tree, spec["one_of"].split("/"))))
    return narrow


def _names(tree: Any, path: Sequence[str]) -> Iterator[str]:
    """Yield the names at a path, in which ``*`` stands for every name."""
    if not path:
        yield from tree
        return
    inner = tree.values() if path[0] == "*" else [tree[path[0]]] if path[0] in tree else []
    for child in inner:
        yield from _names(child, path[1:])
