"""What a record holds beside its messages: what the agent was told first, and what it answered last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from peerpact.audit.transcript import flat

__all__ = ["BESIDE", "answers", "beside"]

SYSTEM = (
    "system", "system_prompt", "systemPrompt", "system_message", "systemMessage", "system_instruction",
    "systemInstruction", "instructions", "developer_message",
)  # fmt: skip
PROMPTS = frozenset({*SYSTEM, "prompt"})
ANSWERS = ("completion", "response", "generation", "output", "model_output", "model_response")
BESIDE = PROMPTS.union(ANSWERS)
"""The keys of a record that hold what was said before or after its messages."""
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


def answers(record: Mapping[str, Any], messages: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what the agent answered beside ``messages``, as messages; what they repeat is left out."""
    if record.keys().isdisjoint(ANSWERS):
        return []
    known = {_text(message) for message in messages[-FIRST:]}
    given = [record[key] for key in ANSWERS if key in record]
    listed = [one for value in given for one in (value if isinstance(value, list) else [value])]
    found = {_text(message): message for one in listed if (message := _answer(one)) is not None}
    return [message for text, message in found.items() if text and text not in known]


def _answer(value: Any) -> dict[str, Any] | None:
    """Return a text or a message as what the agent says; ``None`` for anything else."""
    if isinstance(value, str):
        return {"role": "assistant", "content": value}
    is_message = isinstance(value, Mapping) and "role" in value and "content" in value
    return dict(value) if is_message else None


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
