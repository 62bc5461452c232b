"""One message in any vendor's words: added to a draft as text, reasoning, calls and replies.

Chat messages (OpenAI, Anthropic, Google, LangChain, OpenTelemetry parts, plain) differ in names only, and real
logs mix them, so one reader takes them all. Items of the Responses API have their own function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from peerpact.audit.replies import told
from peerpact.audit.transcript import Draft, flat

__all__ = ["add_item", "add_message", "as_message", "is_message", "role_of"]

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "gemini": "assistant",
    "agent": "assistant",
    "tool": "tool",
    "function": "tool",
    "environment": "tool",
}
CLASSES = {
    "SystemMessage": "system",
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "ToolMessage": "tool",
    "FunctionMessage": "tool",
}
ASKED = ("arguments", "input", "action", "operation", "code", "queries")
"""Where an item of the Responses API has the arguments of a call."""
INLINE = ("output", "outputs", "results")
"""Where an item has what came back."""
WRITTEN = frozenset({"function_call_output", "custom_tool_call_output"})
"""Items whose text is the caller's own, whatever it looks like."""


def role_of(name: Any) -> str:
    """Return the role that a vendor's word means."""
    return ROLES.get(name) or CLASSES.get(name) or ROLES.get(str(name).lower(), "user")


def is_message(value: Any) -> bool:
    """Whether ``value`` looks like a chat message."""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("role"), str)
        and ("content" in value or "parts" in value or "tool_calls" in value)
    )


def add_message(
    draft: Draft, message: Mapping[str, Any], agent: str = "", rewound: bool = False
) -> None:
    """Add one message with its calls and replies."""
    role = ROLES.get(message.get("role"))  # type: ignore[arg-type]
    if role is None:
        message, role = _unwrapped(message)
    content = message.get("content")
    if type(content) is not str:
        _add_parts(draft, message, role, agent, rewound)
    elif role == "tool":
        _add_tool_result(draft, message, content, agent, rewound)
    else:
        time = message.get("timestamp") or ""
        reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
        if type(reasoning) is not str:
            reasoning = flat(reasoning)
        model = message.get("model") or ""
        draft.say(role, content, reasoning, agent, model, time, rewound)
    if calls := message.get("tool_calls"):
        _add_calls(draft, calls, role, agent, rewound)
    elif "function_call" in message and isinstance(message["function_call"], Mapping):
        called = message["function_call"]
        draft.call(str(called.get("name")), called.get("arguments"), "", agent, "", rewound)


def _unwrapped(message: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Return the message inside a LangChain serialisation, and its role."""
    inner = message.get("kwargs") or message.get("data")
    if not isinstance(inner, Mapping):
        return message, role_of(message.get("role") or message.get("type"))
    ids = message.get("id")
    name = ids[-1] if isinstance(ids, list) and ids else message.get("type") or inner.get("type")
    return inner, role_of(name)


def _add_tool_result(
    draft: Draft, message: Mapping[str, Any], text: str, agent: str, rewound: bool
) -> None:
    draft.say("tool", text, "", agent, "", message.get("timestamp") or "", rewound)
    failed = bool(message.get("error") or message.get("is_error")) or (
        message.get("status") == "error"
    )
    draft.reply(message.get("tool_call_id") or "", text, failed)


def _add_calls(draft: Draft, calls: Any, role: str, agent: str, rewound: bool) -> None:
    if isinstance(calls, Mapping):
        if role == "assistant":
            for name, arguments in calls.items():
                draft.call(name, arguments, "", agent, "", rewound)
        return
    for called in calls:
        function = called.get("function")
        if type(function) is dict:
            draft.call(
                function.get("name") or "", function.get("arguments"), called.get("id") or "",
                agent, "", rewound,
            )  # fmt: skip
        else:
            _add_bare_call(draft, called, agent, rewound)


def _add_bare_call(draft: Draft, called: Mapping[str, Any], agent: str, rewound: bool) -> None:
    name = called.get("name") or called.get("function") or called.get("function_name") or ""
    arguments = called.get("arguments", called.get("args", called.get("input")))
    id = called.get("id") or called.get("tool_call_id") or called.get("call_id") or ""
    draft.call(str(name), arguments, str(id), agent, "", rewound)
    if "result" in called:
        text, failed = told(called["result"])
        draft.reply(str(id), text, failed or called.get("status") == "error")


def _add_parts(
    draft: Draft, message: Mapping[str, Any], role: str, agent: str, rewound: bool
) -> None:
    """Add a message whose content is a list of typed parts (or nothing)."""
    content = message.get("content")
    parts = content if content is not None else message.get("parts")
    found = _Parts()
    for part in parts if isinstance(parts, list) else [parts]:
        found.take(part)
    reasoning = "\n".join(found.reasoning) or flat(message.get("reasoning_content"))
    text = "\n".join(found.text) or flat(message.get("refusal"))
    if found.text or found.calls or reasoning or not found.replies:
        time = message.get("timestamp") or ""
        draft.say(role, text, reasoning, agent, message.get("model") or "", time, rewound)
    for name, arguments, id in found.calls:
        draft.call(name, arguments, id, agent, "", rewound)
    for id, reply, failed in found.replies:
        draft.say("tool", reply, "", agent, "", "", rewound)
        draft.reply(id, reply, failed)
    if role == "tool" and not found.replies:
        draft.reply(message.get("tool_call_id") or message.get("id") or "", text)


class _Parts:
    """The parts of one message, sorted."""

    __slots__ = ("calls", "reasoning", "replies", "text")

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.calls: list[tuple[str, Any, str]] = []
        self.replies: list[tuple[str, str, bool]] = []

    def take(self, part: Any) -> None:
        if isinstance(part, Mapping):
            kind = part.get("type")
            if not kind:  # Google's, of which an SDK writes out the empty fields too
                part = {key: value for key, value in part.items() if value is not None}
                kind = next((key for key in part if key in _PARTS), "text")
            _PARTS.get(str(kind), _other(str(kind)))(self, part)
        elif part is not None:
            self.text.append(flat(part))

    def write(self, part: Mapping[str, Any]) -> None:
        text = flat(part)
        if text:
            (self.reasoning if part.get("thought") is True else self.text).append(text)

    def think(self, part: Mapping[str, Any]) -> None:
        for key in ("thinking", "reasoning", "text", "content", "summary"):
            if part.get(key):
                self.reasoning.append(flat(part[key]))
                return

    def call(self, part: Mapping[str, Any]) -> None:
        arguments = part.get("input", part.get("arguments", part.get("args")))
        id = part.get("id") or part.get("toolCallId") or ""
        self.calls.append((part.get("name") or part.get("toolName") or "", arguments, str(id)))

    def answer(self, part: Mapping[str, Any]) -> None:
        id = part.get("tool_use_id") or part.get("id") or part.get("toolCallId") or ""
        keys = ("content", "response", "result", "output")
        given = next((part[key] for key in keys if key in part), "")
        plain = "tool_use_id" in part and isinstance(given, str)  # text, whatever it looks like
        text, failed = (given, False) if plain else told(given)
        self.replies.append((str(id), text, failed or bool(part.get("is_error"))))

    def google_call(self, part: Mapping[str, Any]) -> None:
        inner = part.get("functionCall") or part.get("function_call") or {}
        self.calls.append((inner.get("name", ""), inner.get("args"), inner.get("id") or ""))

    def google_code(self, part: Mapping[str, Any]) -> None:
        inner = part.get("executableCode") or part.get("executable_code") or {}
        self.calls.append(("code_execution", inner, inner.get("id") or ""))

    def google_printed(self, part: Mapping[str, Any]) -> None:
        inner = part.get("codeExecutionResult") or part.get("code_execution_result") or {}
        failed = str(inner.get("outcome")).rpartition(".")[2] not in {"OUTCOME_OK", "1"}
        self.replies.append((inner.get("id") or "", flat(inner.get("output")), failed))

    def google_data(self, part: Mapping[str, Any]) -> None:
        inner = part.get("inlineData") or part.get("inline_data") or {}
        self.text.append(f"[{inner.get('mimeType') or inner.get('mime_type') or 'data'}]")

    def google_answer(self, part: Mapping[str, Any]) -> None:
        inner = part.get("functionResponse") or part.get("function_response") or {}
        self.replies.append((inner.get("id") or "", *told(inner.get("response"))))


_PARTS: dict[str, Callable[[_Parts, Mapping[str, Any]], None]] = {
    "thinking": _Parts.think,
    "redacted_thinking": _Parts.think,
    "reasoning": _Parts.think,
    "tool_use": _Parts.call,
    "tool_call": _Parts.call,
    "tool-call": _Parts.call,
    "tool_result": _Parts.answer,
    "tool-result": _Parts.answer,
    "tool_call_response": _Parts.answer,
    "functionCall": _Parts.google_call,
    "function_call": _Parts.google_call,
    "functionResponse": _Parts.google_answer,
    "function_response": _Parts.google_answer,
    "inlineData": _Parts.google_data,
    "inline_data": _Parts.google_data,
    "executableCode": _Parts.google_code,
    "executable_code": _Parts.google_code,
    "codeExecutionResult": _Parts.google_printed,
    "code_execution_result": _Parts.google_printed,
}


def _other(kind: str) -> Callable[[_Parts, Mapping[str, Any]], None]:
    """Return how a part of a kind is read that is named after a tool of the provider's own."""
    if kind.endswith("_tool_use"):
        return _Parts.call
    return _Parts.answer if kind.endswith("_tool_result") else _Parts.write


def as_message(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item of the Responses API as a chat message; a message as it is."""
    kind = "" if "role" in value else str(value.get("type"))
    if kind.endswith("_call"):
        called = {"id": value.get("call_id") or value.get("id"), "name": _name(value, kind)}
        calls = [{**called, "arguments": _asked(value)}]
        return {"role": "assistant", "content": "", "tool_calls": calls}
    if kind.endswith("_output"):
        text, failed = _output(value)
        id = value.get("call_id")
        return {"role": "tool", "content": text, "tool_call_id": id, "is_error": failed}
    if kind == "reasoning" and "content" not in value:
        return {"role": "assistant", "content": "", "reasoning": flat(value.get("summary"))}
    return value


def _name(item: Mapping[str, Any], kind: str) -> str:
    return str(item.get("name") or kind.removesuffix("_call"))


def _asked(item: Mapping[str, Any]) -> Any:
    return next((item[key] for key in ASKED if item.get(key) is not None), None)


def _output(item: Mapping[str, Any]) -> tuple[str, bool]:
    output = next((item[key] for key in INLINE if item.get(key)), "")
    own = item.get("type") in WRITTEN and isinstance(output, str)
    text, failed = (output, False) if own else told(output)
    if item.get("error"):
        return "\n".join(filter(None, (text, flat(item["error"])))), True
    return text, failed or item.get("status") == "failed"


def add_item(draft: Draft, item: Mapping[str, Any], time: str = "", rewound: bool = False) -> None:
    """Add one item of the Responses API: a message, a call, a call's output, or reasoning."""
    kind = item.get("type", "message")
    id = str(item.get("call_id") or item.get("id") or "")
    if kind == "message":
        add_message(draft, {"timestamp": time, **item}, rewound=rewound)
    elif kind == "reasoning":
        thought = flat(item.get("summary")) or flat(item.get("content"))
        draft.say("assistant", "", thought, time=time, rewound=rewound)
    elif kind.endswith("_output"):
        _add_output(draft, item, id, time, rewound)
    elif kind.endswith("_call"):
        draft.say("assistant", "", time=time, rewound=rewound)
        id = draft.call(_name(item, kind), _asked(item), id, "", time, rewound)
        if any(map(item.get, (*INLINE, "error"))):  # a tool that the provider runs
            _add_output(draft, item, id, time, rewound)


def _add_output(draft: Draft, item: Mapping[str, Any], id: str, time: str, rewound: bool) -> None:
    text, failed = _output(item)
    draft.say("tool", text, time=time, rewound=rewound)
    draft.reply(id, text, failed)
