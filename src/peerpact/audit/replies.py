"""What a tool said, taken out of the wrapping in which its runner recorded it.

Runners write a tool's text as a JSON string, or in an object beside its exit code. A wrapping is opened only where
nothing that the tool said is lost with it; any other value is kept whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from peerpact.audit.talk import flat, written

__all__ = ["PARTS", "passed", "told"]

TEXTS = ("output", "stdout", "content", "result", "text", "value", "logs")
CODES = frozenset({"exit_code", "exitCode", "exit_status", "returncode", "return_code"})
COURSE = CODES | {
    "duration", "duration_seconds", "error", "interrupted", "isError", "isImage", "is_error", "signal", "stderr",
    "success", "timed_out", "truncated", "wall_time", "wall_time_seconds",
}  # fmt: skip
"""How a call went, and what it wrote beside its text."""
NESTED = frozenset({"metadata", "outcome"})
REPEATED = frozenset({"structuredContent", "_meta", "annotations"})
"""What an MCP server gives beside the text that says the same."""
MEDIA = frozenset({"image", "image_url", "input_image", "audio", "blob", "file", "media"})
PARTS = MEDIA | {"text", "output_text", "input_text", "refusal"}
WORDS = {
    "type": PARTS | {
        "bash_code_execution_result", "code_execution_result", "content", "error-json", "error-text", "exit",
        "json", "logs", "tool_result",
    },
    "status": frozenset({"completed", "error", "failed", "ok", "success"}),
}  # fmt: skip
"""Keys that tell how a call went where their value is one of these words."""
DEEPEST = 4


def told(value: Any, depth: int = 0) -> tuple[str, bool]:
    """Return the text of a recorded reply, and whether it says that the call failed.

    Text that is JSON is decoded once. ``value`` may be any JSON value.
    """
    if isinstance(value, str):
        known = _decoded(value) if depth == 0 else value
        return (known, False) if isinstance(known, str) else _opened(known, depth) or (value, False)
    return _opened(value, depth) or (_written(value), False)


def passed(arguments: Any) -> Any:
    """Return the arguments of a call without the wrapping of a tracer that records Python functions."""
    if isinstance(arguments, Mapping) and arguments.keys() == {"args", "kwargs"}:
        named = arguments["kwargs"]
        return named if isinstance(named, Mapping) and not arguments["args"] else arguments
    return arguments


def _decoded(text: str) -> Any:
    if text[:1] not in {'"', "{", "["}:
        return text
    try:
        known = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    bare = isinstance(known, list) and not all(isinstance(part, Mapping) for part in known)
    return text if bare else known


def _written(value: Any) -> str:
    if isinstance(value, (Mapping, list)) and value:
        return written(value)
    return flat(value)


def _opened(value: Any, depth: int) -> tuple[str, bool] | None:
    """Return what is inside a wrapping; ``None`` where ``value`` is none."""
    if isinstance(value, list):
        return _listed(value, depth)
    if not isinstance(value, Mapping) or depth > DEEPEST:
        return None
    if "tool_call_id" in value and "content" in value:  # a whole message of a tool
        text, failed = told(value["content"], depth + 1)
        return text, failed or value.get("status") == "error"
    if value.get("type") in MEDIA:
        return flat(value), False
    names = [name for name in TEXTS if name in value]
    names = [name for name in names if value[name] not in (None, "", [])] or names[:1]
    beside = {key: inner for key, inner in value.items() if key not in TEXTS}
    if len(names) > 1 or not (names or value.get("error")) or not _is_course(beside):
        return None
    text, failed = told(value[names[0]], depth + 1) if names else ("", True)
    errors = (value[key] for key in ("stderr", "error") if isinstance(value.get(key), str))
    return "\n".join(filter(None, (text, *errors))), failed or _failed(value)


def _listed(values: list[Any], depth: int) -> tuple[str, bool] | None:
    found = [_piece(part, depth) for part in values]
    known = [one for one in found if one is not None]
    if not values or len(known) < len(found):
        return None
    return "\n".join(filter(None, (text for text, _ in known))), any(bad for _, bad in known)


def _piece(part: Any, depth: int) -> tuple[str, bool] | None:
    if isinstance(part, str):
        return part, False
    if isinstance(part, Mapping) and part.get("type") in PARTS:
        return flat(part), False
    return _opened(part, depth + 1) if isinstance(part, Mapping) else None


def _is_course(beside: Mapping[str, Any]) -> bool:
    return all(
        (key in COURSE and not isinstance(inner, (Mapping, list)))
        or key in REPEATED
        or (key in WORDS and isinstance(inner, str) and inner in WORDS[key])
        or (key in NESTED and isinstance(inner, Mapping) and _is_course(inner))
        for key, inner in beside.items()
    )


def _failed(value: Mapping[str, Any]) -> bool:
    if any(value.get(key) not in (None, 0, "0") for key in CODES):
        return True
    if str(value.get("type")).startswith("error"):
        return True
    if value.get("is_error") is True or value.get("isError") is True or value.get("error"):
        return True
    if value.get("success") is False or value.get("status") in {"error", "failed"}:
        return True
    return any(_failed(value[key]) for key in NESTED if isinstance(value.get(key), Mapping))
