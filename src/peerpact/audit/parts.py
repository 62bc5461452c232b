"""The parts of one message's content, sorted: text, reasoning, calls and replies in any vendor's words.

Most vendors name a part's kind under ``type``; Google's and Amazon's are told by the key that holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from peerpact.audit.replies import PARTS, told
from peerpact.audit.transcript import flat

__all__ = ["Parts"]

Part: TypeAlias = Mapping[str, Any]
SILENT = frozenset({"step-start", "step-finish"})
ENDED = frozenset({"output-available", "output-error", "result"})


def _first(part: Part, *keys: str) -> Any:
    return next((part[key] for key in keys if part.get(key) is not None), "")


class Parts:
    """The parts of one message; ``odd`` holds the kinds that are not known, which are read as text."""

    __slots__ = ("calls", "odd", "reasoning", "replies", "text")

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.calls: list[tuple[str, Any, str]] = []
        self.replies: list[tuple[str, str, bool]] = []
        self.odd: list[str] = []

    def take(self, part: Any) -> None:
        """Add one part."""
        if not isinstance(part, Mapping):
            self.text += [flat(part)] if part is not None else []
        elif kind := part.get("type"):
            _named(str(kind), part)(self, part)
        else:  # an SDK writes out the empty fields, too
            key = next((k for k in part if k in _KEYED and part[k] is not None), "")
            if isinstance(inner := part.get(key), Mapping):
                _KEYED[key](self, inner)
            else:
                self.write({k: value for k, value in part.items() if value is not None})

    def write(self, part: Part) -> None:
        """Add text."""
        text = flat(part)
        if text:
            (self.reasoning if part.get("thought") is True else self.text).append(text)

    def write_odd(self, part: Part) -> None:
        """Add a part of an unknown kind as text."""
        self.odd.append(str(part["type"]))
        self.write(part)

    def skip(self, part: Part) -> None:
        """Leave a part out in which nothing is said."""

    def think(self, part: Part) -> None:
        """Add reasoning."""
        thought = _first(
            part, "thinking", "reasoning", "text", "content", "summary", "reasoningText"
        )
        self.reasoning += [flat(thought)] if thought else []

    def call(self, part: Part) -> None:
        """Add a call."""
        given = next((part[key] for key in ("input", "arguments", "args") if key in part), None)
        id = _first(part, "call_id", "id", "toolCallId", "toolUseId")
        self.calls.append((str(_first(part, "name", "toolName")), given, str(id)))

    def answer(self, part: Part) -> None:
        """Add a reply."""
        id = _first(part, "tool_use_id", "call_id", "id", "toolCallId", "toolUseId")
        keys = ("content", "response", "result", "output")
        given = next((part[key] for key in keys if key in part), "")
        plain = "tool_use_id" in part and isinstance(given, str)  # text, whatever it looks like
        text, failed = (given, False) if plain else told(given)
        broken = bool(part.get("is_error")) or part.get("status") == "error"
        self.replies.append((str(id), text, failed or broken))

    def use(self, part: Part) -> None:
        """Add a call of the Vercel SDK's chats, with its reply where there is one."""
        inner = part.get("toolInvocation") or part
        name = inner.get("toolName") or str(part["type"]).removeprefix("tool-")
        self.call({**inner, "name": name})
        if inner.get("state") in ENDED:
            text, failed = told(_first(inner, "output", "result", "errorText"))
            broken = inner["state"] == "output-error"
            self.replies.append((str(inner.get("toolCallId") or ""), text, failed or broken))

    def google_code(self, inner: Part) -> None:
        """Add code that Google runs."""
        self.calls.append(("code_execution", inner, str(inner.get("id") or "")))

    def google_printed(self, inner: Part) -> None:
        """Add what such code printed."""
        failed = str(inner.get("outcome")).rpartition(".")[2] not in {"OUTCOME_OK", "1"}
        self.replies.append((str(inner.get("id") or ""), flat(inner.get("output")), failed))

    def google_data(self, inner: Part) -> None:
        """Add an attachment."""
        self.text.append(f"[{_first(inner, 'mimeType', 'mime_type') or 'data'}]")


Take: TypeAlias = Callable[[Parts, Part], None]

_TYPED: dict[str, Take] = {
    **dict.fromkeys(PARTS, Parts.write),
    **dict.fromkeys(("thinking", "redacted_thinking", "reasoning"), Parts.think),
    **dict.fromkeys(("tool_use", "tool_call", "tool-call", "function_call"), Parts.call),
    **dict.fromkeys(("tool_result", "tool-result", "tool_call_response"), Parts.answer),
    **dict.fromkeys(("tool-invocation", "dynamic-tool"), Parts.use),
    **dict.fromkeys(SILENT, Parts.skip),
}
_KEYED: dict[str, Take] = {
    **dict.fromkeys(("functionCall", "function_call", "toolUse"), Parts.call),
    **dict.fromkeys(("functionResponse", "function_response", "toolResult"), Parts.answer),
    **dict.fromkeys(("executableCode", "executable_code"), Parts.google_code),
    **dict.fromkeys(("codeExecutionResult", "code_execution_result"), Parts.google_printed),
    **dict.fromkeys(("inlineData", "inline_data"), Parts.google_data),
    "reasoningContent": Parts.think,
}


def _named(kind: str, part: Part) -> Take:
    """Return how a part is read; some kinds are named after the tool that they are of."""
    if kind in _TYPED:
        return _TYPED[kind]
    if kind.endswith("_tool_use"):
        return Parts.call
    if kind.endswith("_tool_result"):
        return Parts.answer
    return Parts.use if kind.startswith("tool-") and "toolCallId" in part else Parts.write_odd
