"""Files that people write, checked against their models: the message names file and key, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from peerpact.errors import StudyError, allowed

__all__ = ["parse"]

Model = TypeVar("Model", bound=BaseModel)

_NEEDED: Mapping[str, str] = {
    "string_type": "a text (in quotes, where it looks like a number)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "too_short": "a list or a mapping of at least {min_length}",
    "too_long": "a list or a mapping of at most {max_length}",
    "string_too_short": "a text of at least {min_length} characters",
    "literal_error": "one of {expected}",
    "string_pattern_mismatch": "a text of the form {pattern}",
}
"""Kind of fault → what belongs there instead."""


def parse(model: type[Model], value: Any, path: Path) -> Model:
    """Check what a person wrote against its model; the message names file and key.

    Raises:
        StudyError: Something in it is wrong.
    """
    try:
        return model.model_validate(value)
    except ValidationError as e:
        raise _told(e.errors(), model, value, path) from None


def _told(errors: Sequence[Any], model: type[BaseModel], value: Any, path: Path) -> StudyError:
    first = min(errors, key=lambda error: error["type"] != "extra_forbidden")
    kind, place = first["type"], _place(first, value)
    where = f"{path}:{place}" if place else str(path)
    if kind == "extra_forbidden":
        known = _fields_at(model, first["loc"][:-1])
        return StudyError(
            "this key is unknown", where=where, hint=allowed(str(first["loc"][-1]), known)
        )
    if kind == "missing":
        return StudyError("this key is missing", where=where, hint="add it")
    if kind == "value_error":
        return StudyError(str(first["ctx"]["error"]), where=where)
    here = [error for error in errors if _place(error, value) == place]
    wanted = [_NEEDED[e["type"]].format(**e.get("ctx", {})) for e in here if e["type"] in _NEEDED]
    what = f"this must be {' or '.join(dict.fromkeys(wanted))}" if wanted else first["msg"]
    return StudyError(what, where=where, found=first["input"])


def _place(error: Mapping[str, Any], value: Any) -> str:
    """Return the keys that lead to a fault, without the names of the kinds that were tried there."""
    keys: list[str] = []
    for part in error["loc"]:
        inner = _inside(value, part)
        if inner is not None:
            value = inner[0]
            keys.append(str(part))
    if error["type"] == "missing":
        keys.append(str(error["loc"][-1]))
    return "/".join(keys)


def _inside(value: Any, key: int | str) -> tuple[Any] | None:
    if isinstance(value, Mapping):
        return (value[key],) if key in value else None
    if isinstance(value, Sequence) and isinstance(key, int) and not isinstance(value, str):
        return (value[key],) if key < len(value) else None
    return None


def _fields_at(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """Return the keys that are known at a place in a model, as they are written."""
    for part in loc:
        field = model.model_fields.get(str(part))
        inner = _models_in(field.annotation) if field else []
        model = inner[0] if inner else model
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
