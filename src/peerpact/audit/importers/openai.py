"""OpenAI: Chat Completions and Responses, as requests, responses, pairs of both, or batch lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from peerpact.audit.dialects import add_item, add_message
from peerpact.audit.importer import document_importer
from peerpact.audit.prompts import BESIDE, answers, beside
from peerpact.audit.settings import ID_KEYS, add_settings
from peerpact.audit.transcript import Draft, Transcript
from peerpact.audit.usual import chat, skimmed, sorted_by_speaker

__all__ = ["IMPORTER"]

OPENING = 50
"""Items of which one must be typed; a person's message may go without a type."""
REFUSED = {"content_filter", "refusal"}
ANSWERED = ("choices", "output", "incomplete_details")
"""What may stand beside the messages of a chat."""
OWN = frozenset({"response", "output"})
WRAPS = frozenset({"request", "response", "body", "input", *ANSWERED}) | BESIDE
"""Keys without which a record is a chat and nothing else."""


def matches(value: Any) -> bool:
    """Whether ``value`` is a chat with function calls, a completion, a response, or a pair."""
    if not isinstance(value, dict):
        return False
    request, response = _parts(value)
    return (
        _is_chat(request)
        or _is_items(request.get("input"))
        or _is_items(response.get("output"))
        or "choices" in response
    )


def _parts(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    request = value.get("request") or value.get("body") or value
    response = value.get("response") or value
    request = request if isinstance(request, dict) else value
    response = response if isinstance(response, dict) else value
    body = response.get("body")
    return request.get("body") or request, body if isinstance(body, dict) else response


def _is_chat(request: Mapping[str, Any]) -> bool:
    messages = request.get("messages")
    if not isinstance(messages, list):
        return False
    for message in messages:
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        if isinstance(calls, list) and calls:
            return isinstance(calls[0], dict) and "function" in calls[0]
    return False


def _is_items(items: Any) -> bool:
    return isinstance(items, list) and any(map(_is_item, items[:OPENING]))


def _is_item(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    kind = str(item.get("type"))
    return kind in {"message", "reasoning"} or kind.endswith(("_call", "_call_output"))


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one request with its response."""
    draft = Draft()
    bare = value.keys().isdisjoint(WRAPS)
    request, response = (value, value) if bare else _parts(value)
    talk = None
    lead = [] if bare else _lead((value, request, response), request.get("messages") or ())
    last = [] if bare else answers(_apart(value), request.get("messages") or ())
    if bare or not (lead or last or request.get("input") or any(map(response.get, ANSWERED))):
        talk = skimmed(request.get("messages"))
    if talk is None:
        _add_request(draft, request, lead)
        _add_response(draft, response)
        for message in last:
            add_message(draft, message)
    add_settings(draft, value)
    for part in (request, response):
        if part is not value:
            add_settings(draft, part)
    id = next((str(value[key]) for key in ID_KEYS if value.get(key)), where)
    yield draft.finish(id, where, "openai", talk)


def usual(line: bytes, where: str) -> Transcript | None:
    """Read a line that is a chat with calls and little else."""
    found = chat(line)
    talk = None if found is None else sorted_by_speaker(found.messages)
    if found is None or talk is None or not talk.uses:
        return None
    id = found.id or where
    if not found.metadata:
        return Transcript(id, where, "openai", found.model, talk)
    draft = Draft()
    add_settings(draft, {"model": found.model, "metadata": found.metadata})
    return draft.finish(id, where, "openai", talk)


def _lead(parts: Iterable[Mapping[str, Any]], messages: Iterable[Any]) -> list[dict[str, Any]]:
    """Return what the agent is told outside its messages, once: a response repeats its request."""
    found: list[dict[str, Any]] = []
    for part in parts:
        found += beside(part, (*found, *messages))
    return found


def _apart(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record without the responses that are read in the words of the API."""
    return {k: one for k, one in value.items() if k not in OWN or isinstance(one, str)}


def _add_request(draft: Draft, request: Mapping[str, Any], lead: Iterable[Any]) -> None:
    for message in (*lead, *(request.get("messages") or ())):
        add_message(draft, message)
    if isinstance(request.get("prompt"), Mapping):
        draft.notes.append("its prompt is a template that is kept elsewhere")
    asked = request.get("input")
    for item in [{"role": "user", "content": asked}] if isinstance(asked, str) else asked or ():
        add_item(draft, item)


def _add_response(draft: Draft, response: Mapping[str, Any]) -> None:
    for choice in response.get("choices") or ():
        said = choice.get("message") or {"content": choice["text"]}
        add_message(draft, {"role": "assistant", **said})
        if choice.get("finish_reason") in REFUSED or said.get("refusal"):
            draft.status = "refused"
    output = response.get("output")
    for item in output if isinstance(output, list) else ():
        add_item(draft, item)
    if (response.get("incomplete_details") or {}).get("reason") in REFUSED:
        draft.status = "refused"


IMPORTER = replace(
    document_importer("openai", "OpenAI chat and Responses", matches, transcripts, 60), usual=usual
)
