"""The messages of one span, whichever convention its attributes follow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

import orjson

from peerpact.audit.prompts import beside
from peerpact.audit.replies import passed
from peerpact.audit.transcript import flat

__all__ = [
    "TIMES",
    "Attributes",
    "answered",
    "asked",
    "attributes",
    "camels",
    "event",
    "langfuse_observation",
    "printed",
    "printed_log",
    "traceloop_tool",
    "with_events",
]

Attributes: TypeAlias = Mapping[str, Any]

_INDEXED = re.compile(r"^(.*?)\.(\d{1,5})\.(.+)$")
_CAMEL = re.compile(r"_([a-z])")
DEPTH = 8
TIMES = ("timeUnixNano", "observedTimeUnixNano")
SYSTEM = "gen_ai.system_instructions"
ASKED = ("gen_ai.input.messages", "gen_ai.prompt", "ai.prompt.messages", "all_messages_events",
         "pydantic_ai.all_messages")  # fmt: skip
ANSWERED = ("gen_ai.output.messages", "gen_ai.completion")
EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
}
"""The events of which older instrumentation made one for each message."""


def attributes(span: Mapping[str, Any]) -> dict[str, Any]:
    """Return a span's attributes as a plain mapping."""
    if isinstance(known := span.get("attributes"), Mapping):
        return dict(known)
    return {
        str(item.get("key")): _value(item.get("value"), 0)
        for item in span.get("attributes") or ()
        if isinstance(item, Mapping)
    }


def camels(value: Any) -> Any:
    """Return a value with every key in camels; the names of attributes are no keys."""
    if isinstance(value, list):
        return list(map(camels, value))
    if not isinstance(value, dict):
        return value
    return {_CAMEL.sub(lambda found: found[1].upper(), key): camels(v) for key, v in value.items()}


def printed(span: Mapping[str, Any]) -> dict[str, Any]:
    """Return a span as OTLP has it that the Python SDK wrote out."""
    status = (span.get("status") or {}).get("status_code")
    return {
        **span,
        "traceId": span["context"]["trace_id"],
        "spanId": span["context"]["span_id"],
        "parentSpanId": span.get("parent_id"),
        "startTimeUnixNano": _nanoseconds(span.get("start_time")),
        "endTimeUnixNano": _nanoseconds(span.get("end_time")),
        "status": {"code": f"STATUS_CODE_{status}"},
    }


def printed_log(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a log record as OTLP has it that the Python SDK wrote out."""
    body = record.get("body")
    said = body if isinstance(body, Mapping) else {}
    return {
        "attributes": {**(record.get("attributes") or {}), **said},
        "traceId": record["trace_id"],
        "spanId": record["span_id"],
        "eventName": record.get("event_name"),
        "timeUnixNano": _nanoseconds(record.get("timestamp") or record.get("observed_timestamp")),
    }


def _nanoseconds(time: Any) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1e9) if isinstance(time, str) else 0


def _value(value: Any, depth: int) -> Any:
    if not isinstance(value, Mapping) or not value or depth > DEPTH:
        return value
    kind, inner = next(iter(value.items()))
    if kind == "arrayValue":
        return [_value(item, depth + 1) for item in (inner or {}).get("values") or ()]
    if kind == "kvlistValue":
        return {i.get("key"): _value(i.get("value"), depth + 1) for i in inner.get("values") or ()}
    return int(inner) if kind == "intValue" else inner


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def event(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of a span, or a log record, as one mapping: its name, attributes and body."""
    known = attributes(record)
    name = record.get("eventName") or record.get("name") or known.get("event.name")
    content = _json(known.get("gen_ai.event.content"))
    for told in (_value(record.get("body"), 0), content):
        if isinstance(told, Mapping):
            known |= told
    times = {key: record[key] for key in TIMES if record.get(key)}
    return {**known, **times, "event.name": name}


def traceloop_tool(known: Attributes) -> dict[str, Any]:
    """Return the attributes of Traceloop's span of a tool, with the tool's name, arguments and reply."""
    given, got = (_json(known.get(f"traceloop.entity.{part}")) for part in ("input", "output"))
    inner = (
        next((given[k] for k in ("inputs", "kwargs") if k in given), given)
        if isinstance(given, Mapping)
        else given
    )
    told = {
        "tool_name": known.get("traceloop.entity.name"),
        "tool_arguments": inner,
        "tool_response": got,
    }
    return {**told, **known}


def langfuse_observation(known: Attributes, name: str) -> dict[str, Any]:
    """Return the attributes of Langfuse's span of an observation in the current names."""
    kind, given, got = (
        known.get(f"langfuse.observation.{part}") for part in ("type", "input", "output")
    )
    told = {"gen_ai.request.model": known.get("langfuse.observation.model.name")}
    if kind == "generation":
        told |= {"gen_ai.input.messages": given, "gen_ai.output.messages": got}
    elif kind == "tool":
        told |= {"tool_name": name, "tool_arguments": passed(_json(given)), "tool_response": got}
    agent = _json(known.get("langfuse.observation.metadata.lc_agent_name"))
    told["agent_name"] = agent or (name if kind == "agent" else None)
    return {key: value for key, value in {**told, **known}.items() if value is not None}


def with_events(known: Attributes, events: list[Attributes]) -> Attributes:
    """Return a span's attributes with the messages that its events tell, where it has none of its own."""
    told: dict[str, Any] = {}
    held = _json(known.get("events"))
    for one in [*events, *(held if isinstance(held, list) else ())]:
        role = EVENTS.get(one.get("event.name", ""))
        if role is None:
            told |= {key: one[key] for key in (SYSTEM, *ASKED, *ANSWERED) if key in one}
        else:
            key = ANSWERED[0] if one["event.name"] == "gen_ai.choice" else ASKED[0]
            told.setdefault(key, []).append(_from_event(one, role))
    return {**told, **known} if told else known


def _from_event(one: Attributes, role: str) -> dict[str, Any]:
    inner = _json(one.get("message"))
    said = inner if isinstance(inner, Mapping) else {"content": inner, **one}
    kept = {key: said[key] for key in ("content", "tool_calls") if said.get(key) is not None}
    if isinstance(kept.get("tool_calls"), str):
        kept["tool_calls"] = _json(kept["tool_calls"])
    reply = {"tool_call_id": said["id"]} if role == "tool" and said.get("id") else {}
    return {"role": role, "content": "", **kept, **reply}


def asked(known: Attributes) -> list[Any]:
    """Return the messages that the model was given."""
    system = _json(known.get(SYSTEM))
    lead = [{"role": "system", "content": system}] if system else []
    for key in ASKED:
        if key in known:
            return lead + _messages(_json(known[key]), "user")
    if "ai.prompt" in known:
        return _vercel(_json(known["ai.prompt"]))
    for prefix in ("gen_ai.prompt", "llm.input_messages"):
        if found := _indexed(known, prefix):
            sent = _json(known.get("llm.invocation_parameters"))
            return lead + (beside(sent, found) if isinstance(sent, Mapping) else []) + found
    if known.get("openinference.span.kind") == "LLM" and known.get("input.value"):
        return _messages(_json(known["input.value"]), "user")
    return lead


def answered(known: Attributes) -> list[Any]:
    """Return the messages that the model gave."""
    for key in ANSWERED:
        if key in known:
            return _messages(_json(known[key]), "assistant")
    for prefix in ("gen_ai.completion", "llm.output_messages"):
        if found := _indexed(known, prefix):
            return _with_thought(found, _json(known.get("output.value")))
    if any(f"ai.response.{part}" in known for part in ("text", "toolCalls", "reasoning")):
        return [_from_vercel(known)]
    if known.get("openinference.span.kind") == "LLM" and known.get("output.value"):
        return _messages(_json(known["output.value"]), "assistant")
    return []


def _with_thought(messages: list[dict[str, Any]], answer: Any) -> list[dict[str, Any]]:
    """Return messages with the reasoning that only the provider's own answer holds."""
    choices = answer.get("choices") if isinstance(answer, Mapping) else None
    said = [choice.get("message") or {} for choice in choices or () if isinstance(choice, Mapping)]
    for message, one in zip(messages, said, strict=False):
        if thought := one.get("reasoning_content"):
            message.setdefault("reasoning_content", thought)
    return messages


def _vercel(prompt: Any) -> list[Any]:
    if not isinstance(prompt, Mapping):
        return _messages(prompt, "user")
    lead = [{"role": "system", "content": prompt["system"]}] if prompt.get("system") else []
    text = [{"role": "user", "content": prompt["prompt"]}] if prompt.get("prompt") else []
    return lead + text + _messages(prompt.get("messages"), "user")


def _from_vercel(known: Attributes) -> dict[str, Any]:
    calls = _json(known.get("ai.response.toolCalls")) or []
    told = (
        (kind, flat(known.get(key)))
        for kind, key in (("reasoning", "ai.response.reasoning"), ("text", "ai.response.text"))
    )
    said = [{"type": kind, "text": text} for kind, text in told if text]
    return {"role": "assistant", "content": [*said, *map(_vercel_call, calls)]}


def _vercel_call(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call in the words in which the next request repeats it."""
    given = {key: _json(call[key]) for key in ("args", "input") if key in call}
    names = {key: call[key] for key in ("toolCallId", "toolName") if key in call}
    return {"type": "tool-call", **names, **given}


def _messages(value: Any, role: str) -> list[Any]:
    if isinstance(value, Mapping) and isinstance(value.get("messages"), list):
        value = [*beside(value, value["messages"]), *value["messages"]]
    if isinstance(value, Mapping):
        value = [value]
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    return [{"role": role, **m} for m in value or () if isinstance(m, Mapping)]


def _indexed(known: Attributes, prefix: str) -> list[dict[str, Any]]:
    """Return the messages of ``prefix.N.role``, ``prefix.N.message.content`` and the like."""
    found: dict[int, dict[str, Any]] = {}
    for key, value in known.items():
        if key.startswith(prefix + "."):
            match = _INDEXED.match(key)
            if match and match[1] == prefix:
                message = found.setdefault(int(match[2]), {})
                _put(message, match[3].removeprefix("message."), value)
    return [_called(found[n]) for n in sorted(found)]


def _put(message: dict[str, Any], key: str, value: Any) -> None:
    nested = _INDEXED.match(key)
    if nested and nested[1] == "tool_calls":
        calls = message.setdefault("tool_calls", {})
        name = nested[3].removeprefix("tool_call.").removeprefix("function.")
        calls.setdefault(int(nested[2]), {})[name] = value
    elif nested and nested[1] == "contents":
        contents = message.setdefault("contents", {})
        contents.setdefault(int(nested[2]), {})[nested[3].removeprefix("message_content.")] = value
    else:
        message[key] = value


def _called(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    if isinstance(calls, dict):
        message["tool_calls"] = [calls[n] for n in sorted(calls)]
    parts = message.pop("contents", None)
    if isinstance(parts, dict):
        said = [parts[n] for n in sorted(parts) if "text" in parts[n]]
        message["content"] = [{"type": "text", **part} for part in said]
    message.setdefault("content", "")
    return message
