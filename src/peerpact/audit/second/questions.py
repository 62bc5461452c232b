"""One question a transcript: what the first stage says of it, and the transcript itself, fenced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from peerpact import __version__
from peerpact.audit.detector import claims, sentence
from peerpact.audit.detectors import detectors
from peerpact.audit.findings import Finding
from peerpact.audit.inquiry import Question, fence, mark
from peerpact.audit.second.choose import Chosen
from peerpact.audit.second.shown import GOES_ON, Rests, told
from peerpact.audit.second.verdicts import closed
from peerpact.audit.transcript import Transcript
from peerpact.canonical import digest
from peerpact.subjects.spec import Subject
from peerpact.text import read_text, read_yaml, render

__all__ = ["Checked", "kinds", "question", "questions", "texts"]


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """One transcript that is put to the judge."""

    question: Question
    transcript: Transcript
    findings: tuple[Finding, ...]
    shortened: bool
    """Whether a part of the transcript did not fit."""


CLAIMS = 20
"""Claims in one question: more have no room in an answer."""
NAMED = 4
"""Characters of the shortest fact that a long text is searched for."""


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Any]:
    """Return the words around a check."""
    found: Mapping[str, Any] = read_yaml(files(__package__) / "texts.yaml")
    return found


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, str]:
    """Return the kinds of conduct that one transcript can show: name → title."""
    return {
        f"{d.name}/{name}": claim.title
        for d in detectors()
        if d.conclude is None
        for name, claim in d.claims.items()
    }


def questions(chosen: Chosen, judge: Subject) -> Iterator[Checked]:
    """Yield the questions about all chosen transcripts."""
    for transcript, findings in chosen.flagged:
        for start in range(0, len(findings), CLAIMS):
            part = findings[start : start + CLAIMS]
            yield question(transcript, part, judge, chosen.seed)
    for transcript in chosen.sampled:
        yield question(transcript, (), judge, chosen.seed)


def question(
    transcript: Transcript, findings: Sequence[Finding], judge: Subject, seed: int = 0
) -> Checked:
    """Return the question about one transcript.

    Args:
        transcript: What the judge reads.
        findings: What the first stage says of it.
        judge: Who is asked.
        seed: Of the plan.
    """
    rests = [_messages(one, transcript) for one in findings]
    seen = told(transcript, _rests(findings, rests))
    said = [_say("in_full", n=n, says=sentence(one)) for n, one in enumerate(findings, start=1)]
    content = "\n".join([*said, texts()["transcript"], seen.text])
    known = mark(content, seed)
    facts = {
        "count": len(findings),
        "kinds": "\n".join(_say("kind", kind=kind, title=title) for kind, title in kinds().items()),
        "claims": "\n".join(
            _claim(n, *pair) for n, pair in enumerate(zip(findings, rests, strict=True), start=1)
        )
        or texts()["no_claim"],
        "goes_on": GOES_ON,
        "mark": known,
        "fenced": fence(content, known),
    }
    prompt = render(_template(), facts, "prompt.md")
    schema = closed(len(findings), seen.shown, frozenset(kinds()))
    identity = digest([prompt, judge.route, dict(judge.settings), __version__])
    return Checked(Question(identity, prompt, schema), transcript, tuple(findings), seen.shortened)


def _say(name: str, **facts: object) -> str:
    return render(texts()[name], facts, f"texts.yaml:{name}")


def _claim(n: int, one: Finding, rests: Sequence[int]) -> str:
    """Return a claim in words of our own only: what a transcript said stays inside the fence."""
    kind = f"{one.detector}/{one.claim}"
    title = claims(one.detector)[one.claim].title
    messages = ", ".join(map(str, rests)) or texts()["no_message"]
    return _say("claim", n=n, kind=kind, title=title, messages=messages)


def _messages(one: Finding, transcript: Transcript) -> list[int]:
    by_call = {call.number: call.message for call in transcript.calls}
    numbers = [
        by_call.get(place.index) if place.kind == "call" else place.index
        for place in one.evidence
        if place.kind in {"call", "message"} and not place.transcript
    ]
    return sorted({n for n in numbers if n is not None})


def _rests(findings: Sequence[Finding], messages: Sequence[Sequence[int]]) -> Rests:
    calls = {
        e.index for one in findings for e in one.evidence if e.kind == "call" and not e.transcript
    }
    words = {str(value) for one in findings for value in one.facts.values()}
    named = sorted((w for w in words if len(w) >= NAMED), key=lambda w: (-len(w), w))
    return Rests({n for numbers in messages for n in numbers}, calls, named)


@lru_cache(maxsize=1)
def _template() -> str:
    return read_text(files(__package__) / "prompt.md")
