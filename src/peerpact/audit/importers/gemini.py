"""Gemini's generateContent: requests, responses, pairs of both, or batch lines, as REST or an SDK spells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.dialects import add_message
from peerpact.audit.importer import document_importer
from peerpact.audit.prompts import beside
from peerpact.audit.settings import ID_KEYS, add_settings
from peerpact.audit.transcript import Draft, Transcript

__all__ = ["IMPORTER"]

REFUSED = {
    "SAFETY",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "3",
    "7",
    "8",
    "9",
    "11",
}
"""Reasons to end an answer, by their names and by the numbers that the oldest SDK writes."""
CACHED = "it begins with content that is cached elsewhere"
IDS = ("key", "responseId", "response_id", *ID_KEYS)


def matches(value: Any) -> bool:
    """Whether ``value`` has contents in parts, or candidates."""
    if not isinstance(value, dict):
        return False
    request, responses = _parts(value)
    return any(map(_is_response, responses)) or any(
        map(_in_parts, _listed(request.get("contents")))
    )


def _is_response(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("candidates"), list) or bool(_feedback(value))


def _feedback(response: Mapping[str, Any]) -> Any:
    return response.get("promptFeedback") or response.get("prompt_feedback")


def _in_parts(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("parts"), list)


def _parts(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the request and the response, or the pieces in which the response was streamed."""
    request, response = value.get("request"), value.get("response")
    pieces = response if isinstance(response, list) else [response]
    found: list[Mapping[str, Any]] = [piece for piece in pieces if isinstance(piece, dict)]
    return request if isinstance(request, dict) else value, found or [value]


def _listed(contents: Any) -> list[Any]:
    return contents if isinstance(contents, list) else [contents]


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one request with its response."""
    draft = Draft()
    request, responses = _parts(value)
    _add_request(draft, request)
    for response in responses:
        _add_response(draft, response)
    add_settings(draft, value)
    if request is not value:
        add_settings(draft, {k: v for k, v in request.items() if k != "labels"})  # for the bill
    version = (r.get("modelVersion") or r.get("model_version") for r in (*responses, value))
    draft.agent = next((str(name) for name in version if name), draft.agent).removeprefix("models/")
    id = next((str(value[key]) for key in IDS if value.get(key)), where)
    yield draft.finish(id, where, "gemini")


def _add_request(draft: Draft, request: Mapping[str, Any]) -> None:
    config = request.get("config")
    for part in (request, config if isinstance(config, dict) else {}):
        for message in beside(part):
            add_message(draft, message)
        if part.get("cachedContent") or part.get("cached_content"):
            draft.notes.append(CACHED)
    for content in _listed(request.get("contents")):
        if content:
            add_message(draft, {"role": "user", **_content(content)})


def _content(content: Any) -> Mapping[str, Any]:
    """Return a content; an SDK takes a text or a part for one."""
    if isinstance(content, dict) and ("parts" in content or "role" in content):
        return content
    return {"parts": [content]}


def _add_response(draft: Draft, response: Mapping[str, Any]) -> None:
    for candidate in response.get("candidates") or ():
        if content := candidate.get("content"):
            add_message(draft, {"role": "model", **_content(content)})
        reason = candidate.get("finishReason", candidate.get("finish_reason"))
        if str(reason).rpartition(".")[2] in REFUSED:
            draft.status = "refused"
    feedback = _feedback(response)
    if isinstance(feedback, Mapping) and (
        feedback.get("blockReason") or feedback.get("block_reason")
    ):
        draft.status = "refused"


IMPORTER = document_importer("gemini", "Gemini generateContent", matches, transcripts, 57)
