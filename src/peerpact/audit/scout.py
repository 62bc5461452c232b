"""The detectors as scanners of Inspect Scout: one scanner a detector, and one that runs them all.

Needs the extra ``[scout]``. A finding cites messages by their ids, so that Scout's viewer links to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inspect_scout import Reference, Result, Scanner, Transcript, scanner

from peerpact.audit.detector import Detector, sentence
from peerpact.audit.detectors import detectors
from peerpact.audit.findings import Finding
from peerpact.audit.inspect_messages import drafted, know
from peerpact.audit.run import detect
from peerpact.audit.transcript import Transcript as Audited

__all__ = ["SCANNERS", "findings"]

EVENTS: list[Any] = ["model", "span_begin"]
NESTED = ("sample_metadata", "task_args")


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
        value=len(found),
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
