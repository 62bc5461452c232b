"""ShareGPT: turns of ``{from, value}``, with calls and replies as turns or as tags inside a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from peerpact.audit.dialects import role_of
from peerpact.audit.importer import document_importer
from peerpact.audit.prompts import beside
from peerpact.audit.settings import ID_KEYS, add_settings
from peerpact.audit.talk import written
from peerpact.audit.transcript import Draft, Transcript, flat

__all__ = ["IMPORTER"]

KEYS = ("conversations", "conversation", "messages", "items")
SPEAKERS = {
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
CALLED = re.compile(r"\s*<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)
THOUGHT = re.compile(r"\A\s*<think>\s*(.*?)\s*</think>\s*", re.DOTALL)
REPLIED = re.compile(r"<tool_response>\s*(.*?)\s*</tool_response>", re.DOTALL)


def matches(value: Any) -> bool:
    """Whether ``value`` is a list of such turns, or holds one."""
    turns = _turns(value)
    return bool(turns) and isinstance(turns[0], dict) and {"from", "value"} <= set(turns[0])


def _turns(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = next((value[key] for key in KEYS if isinstance(value.get(key), list)), None)
    return value if isinstance(value, list) else []


def transcripts(value: Any, where: str) -> Iterator[Transcript]:
    """Read one conversation."""
    draft = Draft()
    record = value if isinstance(value, dict) else {}
    turns = _turns(value)
    for message in beside(record, ({"content": turn.get("value")} for turn in turns)):
        draft.say(message["role"], flat(message["content"]))
    for turn in turns:
        _add(draft, turn)
    add_settings(draft, record)
    id = next((str(record[key]) for key in ID_KEYS if record.get(key)), where)
    yield draft.finish(id, where, "sharegpt")


def _add(draft: Draft, turn: Mapping[str, Any]) -> None:
    speaker, text = str(turn["from"]).lower(), flat(turn["value"])
    role = SPEAKERS.get(speaker) or role_of(speaker)
    if role == "tool":
        for reply in REPLIED.findall(text) or [text]:
            draft.say("tool", _said(reply))
            draft.reply("", _said(reply))
        return
    calls = _calls(text, speaker == "function_call") if role == "assistant" else []
    thought = THOUGHT.match(text) if role == "assistant" else None
    if calls:
        text = "" if speaker == "function_call" else CALLED.sub("", text)
    draft.say(role, THOUGHT.sub("", text) if thought else text, thought[1] if thought else "")
    for call in calls:
        draft.call(str(call["name"]), call.get("arguments", call.get("parameters")))


def _calls(text: str, whole: bool) -> list[Mapping[str, Any]]:
    """Return the calls that a text makes, or none where one of them cannot be read."""
    found = [_json(inner) for inner in ([text] if whole else CALLED.findall(text))]
    listed = [call for one in found for call in (one if isinstance(one, list) else [one])]
    return listed if all(isinstance(c, Mapping) and "name" in c for c in listed) else []


def _said(reply: str) -> str:
    """Return what a tool said, out of the object in which it is given beside the tool's name."""
    known = _json(reply)
    if not isinstance(known, Mapping) or set(known) - {"tool_call_id"} != {"name", "content"}:
        return reply
    content = known["content"]
    return content if isinstance(content, str) else written(content)


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


IMPORTER = document_importer("sharegpt", "ShareGPT conversations", matches, transcripts, 65)
