"""What a detector is: a question, its claims with their sentences, and the function that answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import ModuleType
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from peerpact.audit.findings import Evidence, Finding, Level, plain
from peerpact.audit.transcript import Call, Message, Transcript
from peerpact.errors import StudyError
from peerpact.text import read_yaml, render

__all__ = [
    "Claim",
    "Detector",
    "Observation",
    "acted",
    "cite",
    "claims",
    "finding",
    "load",
    "sentence",
]

PACKAGE = "peerpact.audit.detectors"
FUNCTIONS = ("detect", "observe", "conclude", "gather", "grounds", "met")
LevelName = Literal["low", "medium", "high"]


class Claim(BaseModel):
    """One thing that a detector may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    """A few words, for tables and code hosts."""
    severity: LevelName
    """How much it matters if true."""
    sentence: str
    """What is said of one finding; a template over the finding's facts."""
    advice: str
    """What to do about it."""


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    claims: dict[str, Claim]
    needs: dict[str, str]
    """What a transcript must have for the question to be asked of it, and what is said where none has it."""


class Observation(NamedTuple):
    """What one run adds to a comparison of runs."""

    agent: str
    setting: str
    watched: bool
    conduct: tuple[str, ...]
    """What the agent did in it."""
    possible: tuple[str, ...]
    """What can be told of it, done or not."""
    transcript: str
    source: str
    beneficiary: str


@dataclass(frozen=True, slots=True)
class Detector:
    """One question."""

    name: str
    question: str
    claims: Mapping[str, Claim]
    detect: Callable[[Transcript], Iterable[Finding]] | None
    verbs: frozenset[str] = frozenset()
    """Acts without which it finds nothing; empty where it also reads what is said."""
    observe: Callable[[Transcript, Iterable[Finding]], Observation | None] | None = None
    conclude: Callable[[Any], Iterable[Finding]] | None = None
    gather: Callable[[], Any] | None = None
    """Makes the store of observations, whose ``add`` and ``merge`` keep memory flat."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """What a transcript must have for the question to be asked of it, and what is said where none has it."""
    grounds: Callable[[Transcript], tuple[str, ...]] | None = None
    """Tells which of these needs a transcript meets."""
    met: Callable[[Any], Iterable[str]] | None = None
    """Tells which of them only the store of observations shows."""


def acted(transcript: Transcript) -> tuple[str, ...]:
    """Tell whether the agent did anything: all that a question about acts needs."""
    return ("calls",) if transcript.talk.uses else ()


@lru_cache(maxsize=64)
def _spec(name: str) -> _Spec:
    place = files(PACKAGE) / f"{name}.yaml"
    try:
        return _Spec.model_validate(read_yaml(place))
    except ValidationError as e:
        raise StudyError(
            "this detector's text file is wrong", where=str(place), found=str(e)
        ) from e


def load(module: ModuleType) -> Detector:
    """Return the detector that a module holds."""
    name = module.__name__.rsplit(".", 1)[-1]
    spec = _spec(name)
    verbs: frozenset[str] = getattr(module, "VERBS", frozenset())
    functions = {part: getattr(module, part, None) for part in FUNCTIONS}
    return Detector(name, spec.question, spec.claims, verbs=verbs, needs=spec.needs, **functions)


def claims(name: str) -> Mapping[str, Claim]:
    """Return the claims of a detector."""
    return _spec(name).claims


def sentence(found: Finding) -> str:
    """Return what a finding says, in one safe line."""
    claim = claims(found.detector)[found.claim]
    facts = {key: plain(str(value), 120) for key, value in found.facts.items()}
    facts |= {
        "agent": plain(found.agent, 80) or "the agent",
        "beneficiary": plain(found.beneficiary, 80),
    }
    return plain(render(claim.sentence, facts, where=f"{found.detector}.yaml"), 400)


def cite(transcript: Transcript, *places: Call | Message | int) -> tuple[Evidence, ...]:
    """Return evidence: calls with the message that made them, or messages by number."""
    return tuple(_cited(transcript, place) for place in places)


def _cited(transcript: Transcript, place: Call | Message | int) -> Evidence:
    if isinstance(place, int):
        place = transcript.talk.message(place)
    return Evidence("call" if isinstance(place, Call) else "message", place.number, place)


def finding(
    detector: str,
    claim: str,
    transcript: Transcript,
    evidence: tuple[Evidence, ...],
    confidence: Level,
    beneficiary: str = "",
    severity: Level | None = None,
    **facts: Any,
) -> Finding:
    """Make a finding; its severity is its claim's unless another is given."""
    severity = severity or Level[claims(detector)[claim].severity]
    return Finding(
        detector,
        claim,
        transcript.agent,
        beneficiary,
        severity,
        confidence,
        transcript.id,
        transcript.source,
        evidence,
        facts,
    )


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding a claim and set of named things; the evidence of its repeats is joined."""
    found = list(findings)
    if len(found) < 2:  # nearly always
        return found
    held: dict[tuple[str, str, str], Finding] = {}
    for one in found:
        key = (one.claim, one.beneficiary, str(one.facts.get("target", "")))
        if key in held:
            old = held[key]
            known = [place.kept() for place in old.evidence]
            extra = tuple(place for place in one.evidence if place.kept() not in known)
            held[key] = _joined(old, one, extra)
        else:
            held[key] = one
    return list(held.values())


def _joined(old: Finding, new: Finding, extra: tuple[Evidence, ...]) -> Finding:
    return Finding(
        old.detector,
        old.claim,
        old.agent,
        old.beneficiary,
        max(old.severity, new.severity),
        max(old.confidence, new.confidence),
        old.transcript,
        old.source,
        (old.evidence + extra)[:20],
        {**old.facts},
    )
