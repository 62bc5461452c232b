"""Amazon Bedrock's log of invocations: a record has a request and its answer, in Converse's or a vendor's words.

Records come one a line, as S3 keeps them, or as the events of a log group. What was too large stands in a file of
its own, which a record only names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from peerpact.audit.dialects import add_message
from peerpact.audit.importer import document_importer
from peerpact.audit.prompts import answers, beside
from peerpact.audit.settings import add_facts, add_settings
from peerpact.audit.transcript import Draft, Transcript, flat

__all__ = ["IMPORTER"]

SCHEMA = "ModelInvocationLog"
REFUSED = {"content_filtered", "guardrail_intervened", "refusal"}
ASKED = ("inputText", "message")
"""Where Amazon's first models and Cohere's have what a person asks."""
LISTED = ("results", "outputs", "generations", "choices")
WRITTEN = ("outputText", "text", "message", "generation")
"""Where vendors have an answer, and inside each of several."""
GROWING = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""What a piece of an answer that was sent as it was made adds to."""


def matches(value: Any) -> bool:
    """Whether ``value`` is a record of such a log, or a page of a log group that holds them."""
    if not isinstance(value, dict):
        return False
    if isinstance(events := value.get("events"), list) and events:
        return SCHEMA in str(events[0].get("message"))
    return value.get("schemaType") == SCHEMA and isinstance(value.get("input"), dict)


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one record, or the records of one page."""
    if "events" not in value:
        yield _invocation(value, where)
        return
    for number, event in enumerate(value["events"]):
        yield _invocation(orjson.loads(event["message"]), f"{where}[{number}]")


def _invocation(record: Mapping[str, Any], where: str) -> Transcript:
    draft = Draft()
    asked, answered = _body(draft, record, "input"), _body(draft, record, "output")
    answer = _joined(answered) if isinstance(answered, list) else answered
    messages = asked.get("messages") or [
        {"role": "user", "content": asked[key]} for key in ASKED if asked.get(key)
    ]
    for message in (*beside(asked, messages), *messages, *_said(answer)):
        add_message(draft, message)
    add_settings(draft, {"model": record.get("modelId")})
    add_facts(draft, record.get("requestMetadata") or {})
    if (answer.get("stopReason") or answer.get("stop_reason")) in REFUSED:
        draft.status = "refused"
    elif record.get("errorCode"):
        draft.status = "failed"
    return draft.finish(str(record.get("requestId") or where), where, "bedrock")


def _body(draft: Draft, record: Mapping[str, Any], side: str) -> Any:
    """Return what was asked or answered; what is kept elsewhere is noted."""
    part = record.get(side) or {}
    if elsewhere := part.get(f"{side}BodyS3Path"):
        draft.note(f"the {side} of the model is kept in a file of its own: {elsewhere}")
    return part.get(f"{side}BodyJson") or {}


def _said(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what the model answered, as messages."""
    output = answer.get("output")
    if isinstance(output, dict) and isinstance(output.get("message"), dict):
        return [output["message"]]
    if isinstance(answer.get("content"), list):
        return [{**answer, "role": "assistant"}]
    listed = [one for key in LISTED for one in answer.get(key) or ()]
    found = [one[key] for one in (*listed, answer) for key in WRITTEN if one.get(key)]
    said = [{"role": "assistant", **_spoken(one)} for one in found]
    return [*(said or answers(answer, ()))]


def _spoken(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"content": flat(value)}


def _joined(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the message that the pieces of a streamed answer are."""
    message: dict[str, Any] = {}
    blocks: dict[Any, dict[str, Any]] = {}
    for event in events:
        message |= event.get("message") or {}
        if "content_block" in event:
            blocks[event.get("index")] = dict(event["content_block"])
        delta = event.get("delta") or {}
        if key := GROWING.get(str(delta.get("type"))):
            block = blocks.setdefault(event.get("index"), {"type": key})
            name = "input" if key == "partial_json" else key
            block[name] = (block.get(name) or "") + delta[key]
        elif "stop_reason" in delta:
            message["stop_reason"] = delta["stop_reason"]
    return {**message, "content": list(blocks.values())}


IMPORTER = document_importer(
    "bedrock", "Amazon Bedrock's log of invocations", matches, transcripts, 24
)
