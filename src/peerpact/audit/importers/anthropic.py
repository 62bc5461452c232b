"""Anthropic Messages: requests, responses, pairs of both, or results of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.dialects import add_message
from peerpact.audit.importer import document_importer
from peerpact.audit.prompts import answers, beside
from peerpact.audit.settings import ID_KEYS, add_settings
from peerpact.audit.transcript import Draft, Transcript

__all__ = ["IMPORTER"]

BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"}
NEEDED = frozenset({"system", "max_tokens"})
"""What tells a request without any tool from another vendor's."""
ELSEWHERE = frozenset({"choices", "output"})
"""What another vendor's response has."""


def matches(value: Any) -> bool:
    """Whether ``value`` is a conversation in content blocks, a response, or a pair."""
    if not isinstance(value, dict):
        return False
    request, response = _parts(value)
    if isinstance(response.get("content"), list) and (
        response.get("type") == "message"
        or (response.get("role") == "assistant" and "stop_reason" in response)
    ):
        return True
    messages = request.get("messages")
    return isinstance(messages, list) and (
        (
            request.keys() >= NEEDED
            and response.keys().isdisjoint(ELSEWHERE)
            and all(map(_is_turn, messages))
        )
        or any(map(_in_blocks, messages))
    )


def _is_turn(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") in {"user", "assistant"}


def _in_blocks(message: Any) -> bool:
    content = message.get("content") if isinstance(message, dict) else None
    return isinstance(content, list) and any(
        isinstance(block, dict) and block.get("type") in BLOCKS for block in content
    )


def _parts(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    request, response = value.get("request"), value.get("response")
    result = value.get("result")
    if isinstance(result, dict):
        response = result.get("message")
    return (
        request if isinstance(request, dict) else value,
        response if isinstance(response, dict) else value,
    )


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one request with its response."""
    draft = Draft()
    request, response = _parts(value)
    messages = request.get("messages") or ()
    last = answers(value, messages) if response is value else []
    for message in (*beside(request, messages), *messages, *last):
        add_message(draft, message)
    if isinstance(response.get("content"), list):
        add_message(draft, {"role": "assistant", **response})
    if response.get("stop_reason") == "refusal":
        draft.status = "refused"
    add_settings(draft, value)
    for part in (request, response):
        if part is not value:
            add_settings(draft, part)
    id = next((str(value[key]) for key in ID_KEYS if value.get(key)), where)
    yield draft.finish(id, where, "anthropic")


IMPORTER = document_importer("anthropic", "Anthropic messages", matches, transcripts, 55)
