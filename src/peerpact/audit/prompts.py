"""What a record holds beside its messages and the agent was told all the same: a system prompt, instructions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from peerpact.audit.transcript import flat

__all__ = ["PROMPTS", "beside"]

SYSTEM = (
    "system", "system_prompt", "systemPrompt", "system_message", "systemMessage", "system_instruction",
    "systemInstruction", "instructions", "developer_message",
)  # fmt: skip
PROMPTS = frozenset({*SYSTEM, "prompt"})
"""The keys of a record that hold what an agent is told before its messages."""
FIRST = 20
"""Messages that are searched for a prompt which the record repeats."""


def beside(record: Mapping[str, Any], messages: Iterable[Any] = ()) -> list[dict[str, Any]]:
    """Return what a record tells the agent beside ``messages``, as messages; what they repeat is left out."""
    if record.keys().isdisjoint(PROMPTS):
        return []
    known = {_text(message) for message in islice(messages, FIRST)}
    found: list[dict[str, Any]] = []
    for message in _named(record):
        text = _text(message)
        if text and text not in known:
            known.add(text)
            found.append(message)
    return found


def _named(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key in SYSTEM:
        if isinstance(value := record.get(key), (str, list, Mapping)):
            yield {"role": "system", "content": _text(value)}
    prompt = record.get("prompt")
    if isinstance(prompt, list) and all(
        isinstance(one, Mapping) and "role" in one for one in prompt
    ):
        yield from map(dict, prompt)
    elif isinstance(prompt, (str, list)):
        yield {"role": "user", "content": flat(prompt)}


def _text(message: Any) -> str:
    if isinstance(message, Mapping):
        message = message.get("content") or message.get("parts") or message
    return flat(message).strip()
