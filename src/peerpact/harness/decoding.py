"""Tool calls by constrained decoding: a list of tools → the grammar of one step, and a step → a call.

A small model seldom keeps to a format. So the runtime lets it write nothing but one JSON object that names one
of the tools on offer and gives its arguments. Strings, lists and numbers without a limit of their own are bounded,
so that a step ends. A tool may be on offer in several narrower forms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from peerpact.errors import SubjectError

__all__ = [
    "Offer",
    "Step",
    "bounded",
    "grammar",
    "parse_step",
    "signature",
    "step_schema",
    "write_step",
]

MAX_CHARACTERS = 160
MAX_ITEMS = 32
MAX_MAGNITUDE = 1_000_000_000
SMALLEST_FRACTION = 0.01
COMPACT = {"whitespace_flexible": False, "item_separator": ",", "key_separator": ":"}
KEPT = (
    "type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum",
    "multipleOf", "minItems", "maxItems", "required",
)  # fmt: skip
SCALARS = ("string", "number", "integer", "boolean", "null")


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as the model is told of it."""

    name: str
    description: str
    arguments: Mapping[str, Any]
    """JSON schema of the object that holds its arguments."""


@dataclass(frozen=True, slots=True)
class Step:
    """One tool call that a model decided on."""

    tool: str
    arguments: Mapping[str, Any]


def step_schema(offers: Sequence[Offer]) -> dict[str, Any]:
    """Return the JSON schema of one step: one of the tools, each with its bounded arguments."""
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "tool": {"const": offer.name},
                    "arguments": bounded(_closed(offer.arguments)),
                },
                "required": ["tool", "arguments"],
                "additionalProperties": False,
            }
            for offer in offers
        ]
    }


def grammar(schema: Mapping[str, Any]) -> str:
    """Return a schema as a grammar of the runtime, which allows no white space between the parts."""
    text = json.dumps({"x-guidance": COMPACT, **schema}, ensure_ascii=False)
    return f"%llguidance {{}}\nstart: %json {text}"


def bounded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema whose every value has an end."""
    if "anyOf" in schema or "oneOf" in schema:
        options = schema.get("anyOf") or schema["oneOf"]
        return {"anyOf": [bounded(option) for option in options]}
    kept = {key: schema[key] for key in KEPT if key in schema}
    if "enum" in kept or "const" in kept:
        kept.pop("type", None)
        return kept
    return _bounded_type(schema, kept)


def _bounded_type(schema: Mapping[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    match schema.get("type"):
        case "string" if "pattern" not in kept:
            return {"maxLength": max(MAX_CHARACTERS, kept.get("minLength", 0)), **kept}
        case "integer":
            return {"minimum": -MAX_MAGNITUDE, "maximum": MAX_MAGNITUDE, **kept}
        case "number":
            limits = {"minimum": -MAX_MAGNITUDE, "maximum": MAX_MAGNITUDE}
            return {**limits, "multipleOf": SMALLEST_FRACTION, **kept}
        case "array":
            items = bounded(schema.get("items") or {})
            return {"maxItems": max(MAX_ITEMS, kept.get("minItems", 0)), **kept, "items": items}
        case "object":
            return {**kept, **_bounded_object(schema)}
        case list() as types:
            return {"anyOf": [bounded({**schema, "type": one}) for one in types]}
        case None:
            return {"anyOf": [bounded({"type": one}) for one in SCALARS]}
    return kept


def _bounded_object(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: bounded(spec) for name, spec in schema.get("properties", {}).items()}
    extra = schema.get("additionalProperties", not properties)
    if extra is True:
        extra = {}
    return {
        "properties": properties,
        "additionalProperties": bounded(extra) if isinstance(extra, Mapping) else False,
    }


def _closed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of arguments with nothing allowed beside those it names."""
    properties = arguments.get("properties", {})
    required = list(arguments.get("required", []))
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def parse_step(text: str, offers: Sequence[Offer]) -> Step:
    """Return the call that a step holds.

    Raises:
        SubjectError: The text is no step of these tools, which the grammar should have made impossible.
    """
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as e:
        raise _nonsense(f"no JSON ({e})", text) from e
    if not isinstance(found, dict) or set(found) != {"tool", "arguments"}:
        raise _nonsense("not an object of tool and arguments", text)
    forms = [_closed(offer.arguments) for offer in offers if offer.name == found["tool"]]
    if not forms:
        raise _nonsense(f"there is no tool {found['tool']!r}", text)
    faults = [_fault(form, found["arguments"]) for form in forms]
    if all(faults):
        raise _nonsense(faults[0], text)
    return Step(found["tool"], found["arguments"])


def _fault(schema: Mapping[str, Any], arguments: Any) -> str:
    wrong = next(Draft202012Validator(schema).iter_errors(arguments), None)
    return f"{wrong.json_path}: {wrong.message}" if wrong is not None else ""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _nonsense(why: str, text: str) -> SubjectError:
    return SubjectError(
        f"the local model's answer breaks the grammar of a step: {why}; it reads {text[:200]!r}; "
        "the runtime did not apply the grammar: check that the installed xllamacpp supports llguidance"
    )


def write_step(step: Step) -> str:
    """Return a step as the grammar makes a model write it."""
    content = {"tool": step.tool, "arguments": dict(step.arguments)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def signature(offer: Offer) -> str:
    """Return a tool's name with its arguments, in the notation of a type: ``f(a: string, b?: "x"|"y")``."""
    return f"{offer.name}({', '.join(_fields(_closed(offer.arguments)))})"


def _fields(schema: Mapping[str, Any]) -> Iterable[str]:
    required = schema.get("required", ())
    for name, spec in schema.get("properties", {}).items():
        yield f"{name}{'' if name in required else '?'}: {_notation(spec)}"


def _notation(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema or "oneOf" in schema:
        options = schema.get("anyOf") or schema["oneOf"]
        return "|".join(_notation(option) for option in options)
    if "const" in schema or "enum" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return "|".join(json.dumps(value, ensure_ascii=False) for value in values)
    return _named(schema)


def _named(schema: Mapping[str, Any]) -> str:
    match schema.get("type"):
        case "array":
            return f"[{_notation(schema.get('items') or {})}{_count(schema)}]"
        case "object":
            return f"{{{', '.join(_fields(schema))}}}"
        case list() as types:
            return "|".join(map(str, types))
        case None:
            return "any"
        case kind if "minimum" in schema and "maximum" in schema:
            return f"{kind} {schema['minimum']}..{schema['maximum']}"
        case kind:
            return str(kind)


def _count(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is None and most is None:
        return ", ..."
    return f" × {least}" if least == most else f" × {least or 0}..{most or MAX_ITEMS}"
