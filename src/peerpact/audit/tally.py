"""What an audit read, could not read and found, counted; the findings that are kept in full are bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from peerpact.audit.findings import Finding, Level
from peerpact.audit.transcript import Transcript, Unread

if TYPE_CHECKING:
    from peerpact.audit.second.result import SecondStage

__all__ = ["Audit", "counts"]

KEPT = 10_000
"""Findings that one audit keeps in full; the rest are counted."""
EXAMPLES = 100
"""Places that are kept for each reason for which something could not be read."""


@dataclass(slots=True)
class Audit:
    """What an audit read, what it could not read, and what it found."""

    files: int = 0
    transcripts: Counter[str] = field(default_factory=Counter)
    """By status: finished, refused, failed, empty, labels_only."""
    silent: int = 0
    """Transcripts in which the agent neither says nor does anything, whatever ended them."""
    formats: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    """By reason."""
    passed_over: Counter[str] = field(default_factory=Counter)
    """Files in which nobody looks for a transcript, by what they hold."""
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Some of the places that could not be read, by reason."""
    claims: Counter[str] = field(default_factory=Counter)
    """Findings by ``detector/claim``, those that are not kept included."""
    severities: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    grounds: Counter[str] = field(default_factory=Counter)
    """Transcripts that have what a detector needs, by ``detector/need``."""
    findings: list[Finding] = field(default_factory=list)
    """The findings that are kept, the most severe and surest first once the audit is done."""
    floor: tuple[int, int] = (0, 0)
    """Severity and confidence above which a finding is kept, once as many are held as may be."""
    second: SecondStage | None = None
    """What a judge said of the findings and of a sample, where one was asked."""

    @property
    def read(self) -> int:
        """How many transcripts were read."""
        return sum(self.transcripts.values())

    @property
    def dropped(self) -> int:
        """How many findings are counted but not kept."""
        return sum(self.claims.values()) - len(self.findings)

    @property
    def worst(self) -> Level | None:
        """The highest severity found."""
        return max((Level[name] for name, n in self.severities.items() if n), default=None)

    def count(self, transcript: Transcript) -> None:
        """Count a transcript that was read."""
        self.transcripts[transcript.status] += 1
        talk = transcript.talk
        self.silent += not talk.uses and not talk.own and transcript.status != "labels_only"
        self.formats[transcript.format] += 1
        if len(self.agents) < KEPT or transcript.agent in self.agents:
            self.agents[transcript.agent or "unnamed"] += 1
        if transcript.notes:
            self.notes.update(transcript.notes)

    def refuse(self, unread: Unread) -> None:
        """Count something that could not be read, or need not be."""
        if unread.apart:
            self.passed_over[unread.reason] += 1
            return
        self.unread[unread.reason] += 1
        places = self.examples.setdefault(unread.reason, [])
        if len(places) < EXAMPLES:
            places.append(f"{unread.source} {unread.detail}".strip())

    def keep(self, found: Iterable[Finding], limit: int = KEPT) -> None:
        """Count findings and keep them while there is room; severe ones push others out."""
        for one in found:
            self.claims[f"{one.detector}/{one.claim}"] += 1
            self.severities[one.severity.name] += 1
            if _weight(one) > self.floor:
                self.findings.append(one.kept())
        if len(self.findings) > 2 * limit:
            self.trim(limit)

    def trim(self, limit: int = KEPT) -> None:
        """Put the findings in order, as they came where none weighs more, and keep the first ``limit``."""
        self.findings.sort(key=_weight, reverse=True)
        del self.findings[limit:]
        if len(self.findings) == limit:
            self.floor = _weight(self.findings[-1])

    def merge(self, other: Audit, limit: int = KEPT) -> None:
        """Add a worker's part."""
        self.files += other.files
        self.silent += other.silent
        for name in (
            "transcripts",
            "formats",
            "agents",
            "unread",
            "passed_over",
            "claims",
            "severities",
            "notes",
            "grounds",
        ):
            getattr(self, name).update(getattr(other, name))
        for reason, places in other.examples.items():
            kept = self.examples.setdefault(reason, [])
            kept += places[: EXAMPLES - len(kept)]
        self.findings += other.findings
        if len(self.findings) > limit:
            self.trim(limit)


def _weight(found: Finding) -> tuple[Level, Level]:
    return found.severity, found.confidence


def counts(done: Audit) -> Mapping[str, Any]:
    """Return the counts of an audit as plain values."""
    return {
        "files": done.files,
        "transcripts": dict(done.transcripts),
        "formats": dict(done.formats),
        "unread": dict(done.unread),
        "passed_over": dict(done.passed_over),
        "findings": dict(done.claims),
        "severities": dict(done.severities),
        "not_kept": done.dropped,
        "notes": dict(done.notes),
        "grounds": dict(done.grounds),
    }
