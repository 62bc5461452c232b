"""The detectors as scanners of Inspect Scout: one scanner a detector, and one that runs them all.

Needs the extra ``[scout]``. A finding cites messages by their ids, so that Scout's viewer links to them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from logging import getLogger
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
)
from inspect_ai.tool import ToolCall
from inspect_scout import Reference, Result, Scanner, Transcript, scanner

from peerpact.audit.detector import Detector, sentence
from peerpact.audit.detectors import detectors
from peerpact.audit.findings import Finding
from peerpact.audit.inspect_messages import drafted, know
from peerpact.audit.run import check_spoken, detect, items
from peerpact.audit.tally import Audit
from peerpact.audit.transcript import Message, Unread
from peerpact.audit.transcript import Transcript as Audited
from peerpact.canonical import digest

__all__ = ["SCANNERS", "findings", "transcripts"]

EVENTS: list[Any] = ["model", "span_begin"]
NESTED = ("sample_metadata", "task_args")
OURS = "peerpact_"
"""Begins the type of a source that was read here; the format follows."""


def audited(transcript: Transcript) -> Audited:
    """Return one of Scout's transcripts as the detectors read it."""
    draft = drafted(transcript.messages, transcript.events)
    draft.agent = transcript.model or transcript.agent or ""
    known = {**transcript.metadata}
    for name in NESTED:
        part = known.pop(name, None)
        known |= part if isinstance(part, dict) else {}
    know(draft, known, transcript.agent_args or {})
    if transcript.task_set:
        draft.facts.setdefault("setting", transcript.task_set)
    if transcript.error:
        draft.status = "failed"
    return draft.finish(transcript.transcript_id, transcript.source_uri or "", "scout")


def _result(found: Sequence[Finding], read: Audited, transcript: Transcript) -> Result:
    return Result(
        value=None if read.status == "empty" and not found else len(found),
        answer=", ".join(dict.fromkeys(one.claim for one in found)) or None,
        explanation="\n".join(sentence(one) for one in found) or None,
        metadata={"findings": [_listed(one) for one in found], "status": read.status},
        references=_references(found, read, transcript),
    )


def _listed(one: Finding) -> dict[str, Any]:
    return {
        "claim": f"{one.detector}/{one.claim}",
        "beneficiary": one.beneficiary,
        "severity": one.severity.name,
        "confidence": one.confidence.name,
        "evidence": [f"{place.kind} {place.index}: {place.excerpt}" for place in one.evidence],
    }


def _references(found: Sequence[Finding], read: Audited, transcript: Transcript) -> list[Reference]:
    """Cite messages of the main conversation; those of sub-agents stand behind them and have no number there."""
    numbers = dict.fromkeys(
        read.calls[place.index].message if place.kind == "call" else place.index
        for one in found
        for place in one.evidence
        if place.kind in {"call", "message"}
    )
    own = transcript.messages
    return [
        Reference(type="message", cite=f"[M{number + 1}]", id=str(own[number].id))
        for number in numbers
        if number < len(own) and own[number].id
    ]


def _every() -> Scanner[Transcript]:
    """Run every detector on a transcript."""

    async def scan(transcript: Transcript) -> Result:
        read = audited(transcript)
        return _result(detect(read), read, transcript)

    return scan


findings = scanner(name="findings", messages="all", events=EVENTS)(_every)


def _scanner(one: Detector) -> Any:
    def factory() -> Scanner[Transcript]:
        async def scan(transcript: Transcript) -> Result:
            read = audited(transcript)
            return _result(list(one.detect(read)) if one.detect else [], read, transcript)

        return scan

    factory.__name__ = one.name
    factory.__doc__ = one.question
    return scanner(name=one.name, messages="all", events=EVENTS)(factory)


SCANNERS = {one.name: _scanner(one) for one in detectors() if one.detect is not None}
"""The scanner of each detector that looks at one transcript at a time, by name."""


async def transcripts(paths: Iterable[str], format: str = "") -> AsyncIterator[Transcript]:
    """Give what files hold, in any format that an audit reads, as a source for Scout's database.

    Sub-agents and rewound turns are kept; the metadata of their messages marks them. What cannot
    be read is logged. Scout keeps one transcript of each id and passes over the rest, so ours are of
    the place, too: runs of several files often have the same name.

    Raises:
        StudyError: A path names nothing, or the format is unknown.
        ResultsError: Nothing at all could be read, or no agent said or did anything in it.
    """
    total = Audit()
    for item in items(paths, format):
        if isinstance(item, Unread):
            total.refuse(item)
            getLogger(__name__).warning("%s: %s %s", item.source, item.reason, item.detail)
        else:
            total.count(item)
            yield _offered(item)
    check_spoken(total)


def _offered(read: Audited) -> Transcript:
    return Transcript(
        transcript_id=digest([read.source, read.id]),
        source_type=f"{OURS}{read.format}",
        source_id=read.id,
        source_uri=read.source,
        model=read.agent or None,
        task_set=str(read.facts.get("setting", "")) or None,
        error="failed" if read.status == "failed" else None,
        metadata={**read.facts, "labels": dict(read.labels), "notes": list(read.notes)},
        messages=[_message(message, read) for message in read.messages],
    )


def _message(message: Message, read: Audited) -> ChatMessage:
    marks: dict[str, Any] = {"agent": message.agent, "rewound": message.rewound}
    text, id = message.text, f"{read.id}-{message.number}"
    if message.role == "assistant":
        calls = [
            ToolCall(id=call.id, function=call.name, arguments=dict(call.arguments))
            for call in read.calls
            if call.message == message.number
        ]
        return ChatMessageAssistant(content=text, id=id, tool_calls=calls or None, metadata=marks)
    if message.role == "tool":
        answered = _answered(message, read)
        return ChatMessageTool(content=text, id=id, tool_call_id=answered, metadata=marks)
    if message.role == "system":
        return ChatMessageSystem(content=text, id=id, metadata=marks)
    return ChatMessageUser(content=text, id=id, metadata=marks)


def _answered(message: Message, read: Audited) -> str | None:
    """Return the call that a reply answers: of those before it with its text, the last."""
    fitting = [c.id for c in read.calls if c.message < message.number and c.reply == message.text]
    return fitting[-1] if fitting else None
