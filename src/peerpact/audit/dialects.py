"""One message in any vendor's words: added to a draft as text, reasoning, calls and replies.

Chat messages (OpenAI, Anthropic, Google, LangChain, OpenTelemetry parts, plain) differ in names only, and real
logs mix them, so one reader takes them all. Items of the Responses API have their own function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peerpact.audit.parts import Parts
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
    if not isinstance(value, Mapping):
        return False
    if isinstance(value.get("role"), str):
        return "content" in value or "parts" in value or "tool_calls" in value
    return _is_langchain(value)


def _is_langchain(value: Mapping[str, Any]) -> bool:
    """Whether ``value`` is a message as LangChain writes it out, in one of three ways."""
    inner = value.get("kwargs") if "lc" in value else value.get("data")
    if isinstance(inner, Mapping):
        return "content" in inner
    return "additional_kwargs" in value and "content" in value and str(value.get("type")) in ROLES


def add_message(
    draft: Draft, message: Mapping[str, Any], agent: str = "", rewound: bool = False
) -> None:
    """Add one message with its calls and replies."""
    role = ROLES.get(message.get("role"))  # type: ignore[arg-type]
    if role is None:
        message, role = _unwrapped(message)
    content = message.get("content")
    if type(content) is not str or message.get("parts"):
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
    if calls := message.get("tool_calls") or message.get("toolInvocations"):
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
    names = ("name", "function", "function_name", "toolName")
    name = next((called[key] for key in names if called.get(key)), "")
    arguments = called.get("arguments", called.get("args", called.get("input")))
    ids = ("id", "tool_call_id", "call_id", "toolCallId")
    id = next((called[key] for key in ids if called.get(key)), "")
    draft.call(str(name), arguments, str(id), agent, "", rewound)
    if "result" in called:
        text, failed = told(called["result"])
        draft.reply(str(id), text, failed or called.get("status") == "error")


def _add_parts(
    draft: Draft, message: Mapping[str, Any], role: str, agent: str, rewound: bool
) -> None:
    """Add a message whose content is a list of typed parts (or nothing)."""
    content = message.get("content")
    parts = message.get("parts") or content
    found = Parts()
    for part in parts if isinstance(parts, list) else [parts]:
        found.take(part)
    reasoning = "\n".join(found.reasoning) or flat(message.get("reasoning_content"))
    text = "\n".join(found.text) or flat(
        content if type(content) is str else message.get("refusal")
    )
    time = message.get("timestamp") or ""
    if found.text or found.calls or reasoning or not found.replies:
        draft.say(role, text, reasoning, agent, message.get("model") or "", time, rewound)
    if odd := set(found.odd):
        draft.note(f"parts of a kind that is not known were read as text: {', '.join(sorted(odd))}")
    repeated = _ids(message.get("tool_calls"))
    for name, arguments, id in found.calls:
        if id not in repeated:
            draft.call(name, arguments, id, agent, time, rewound)
    for id, reply, failed in found.replies:
        draft.say("tool", reply, "", agent, "", time, rewound)
        draft.reply(id, reply, failed)
    if role == "tool" and not found.replies:
        draft.reply(message.get("tool_call_id") or message.get("id") or "", text)


def _ids(calls: Any) -> set[Any]:
    """Return the ids of the calls that a message holds beside its parts, as LangChain's do."""
    listed = calls if isinstance(calls, list) else ()
    return {call.get("id") for call in listed if isinstance(call, Mapping)} - {None, ""}


def as_message(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item of the Responses API, or what LangChain wrote out, as a chat message; a message as it is."""
    if "role" not in value and _is_langchain(value):
        inner, role = _unwrapped(value)
        return {**inner, "role": role}
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


def add_item(
    draft: Draft, item: Mapping[str, Any], time: str = "", rewound: bool = False, agent: str = ""
) -> None:
    """Add one item of the Responses API: a message, a call, a call's output, or reasoning."""
    kind = str(item.get("type") or "message")
    id = str(item.get("call_id") or item.get("id") or "")
    if kind == "message":
        add_message(draft, {"timestamp": time, **item}, agent, rewound)
    elif kind == "reasoning":
        thought = flat(item.get("summary")) or flat(item.get("content"))
        draft.say("assistant", "", thought, agent, "", time, rewound)
    elif kind.endswith("_output"):
        _add_output(draft, item, id, (agent, "", time, rewound))
    elif kind.endswith("_call"):
        draft.say("assistant", "", "", agent, "", time, rewound)
        id = draft.call(_name(item, kind), _asked(item), id, agent, time, rewound)
        if any(map(item.get, (*INLINE, "error"))):  # a tool that the provider runs
            _add_output(draft, item, id, (agent, "", time, rewound))


def _add_output(
    draft: Draft, item: Mapping[str, Any], id: str, told: tuple[str, str, str, bool]
) -> None:
    text, failed = _output(item)
    draft.say("tool", text, "", *told)
    draft.reply(id, text, failed)
