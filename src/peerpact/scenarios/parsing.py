"""Files that people write, checked against their models: the message names file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from peerpact.errors import StudyError, allowed

__all__ = ["parse"]

Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], value: Any, path: Path) -> Model:
    """Check what a person wrote against its model; the message names file and key."""
    try:
        return model.model_validate(value)
    except ValidationError as e:
        errors = sorted(e.errors(), key=lambda error: error["type"] != "extra_forbidden")
        first = errors[0]
        key = "/".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = allowed(str(first["loc"][-1]), _fields_at(model, first["loc"][:-1]))
            raise StudyError("this key is unknown", where=f"{path}:{key}", hint=known) from None
        where = f"{path}:{key}" if key else str(path)
        if first["type"] == "missing":
            raise StudyError("this key is missing", where=where, hint="add it") from None
        if first["type"] == "value_error":
            raise StudyError(str(first["ctx"]["error"]), where=where) from None
        raise StudyError(_lower(first["msg"]), where=where, found=first["input"]) from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are known at a place in a model."""
    for part in loc:
        field = model.model_fields.get(str(part))
        inner = _models_in(field.annotation) if field else []
        model = inner[0] if inner else model
    return list(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
