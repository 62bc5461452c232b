"""What an audit of judges answers: an estimate with its control, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from peerpact.audit.judges.table import Scale

__all__ = [
    "EVERYBODY",
    "Answer",
    "Coverage",
    "Estimate",
    "JudgeAudit",
    "PivotalItem",
    "Untested",
]

_SAME = 1e-12
EVERYBODY = "all judges"
"""Whom an answer is about that concerns the panel as a whole."""

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PivotalItem:
    """A score without which a verdict would have been the other one."""

    judged: str
    item: str
    score: float
    reference: float
    bar: float
    verdict: float
    """What was compared with the bar: the score itself, or the mean over items."""
    verdict_without: float
    """The same with the reference in place of this score."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number about one judge, between its limits, against a named control."""

    judge: str
    question: str
    quantity: str
    scope: str
    """Which part of the table, such as ``bar 90``; empty for all of it."""
    value: float
    low: float
    high: float
    level: float
    test: str
    """How limits and p-value were computed."""
    control: str
    """Code of what the judge was compared with."""
    unit: str
    """What was taken as independent: item, pair, response or row."""
    n: int
    """How many of these units."""
    p: float | None = None
    """Of no effect, two-sided; None where the quantity is not tested."""
    direction: int = 0
    """The sign that counts as a finding: 1, -1, or 0 for both."""
    detectable: float | None = None
    """The smallest effect that so many units show with probability 0.8."""
    left_out: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """Rows that this answer could not use, by reason."""
    caveats: tuple[str, ...] = ()
    """Codes of what a reader has to know."""
    facts: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    items: tuple[PivotalItem, ...] = ()
    adjusted: float | None = None
    """The p-value corrected for the number of judges and scopes."""
    flagged: bool | None = None
    """Whether the effect stands after correction, in the direction that counts."""
    e_value: float | None = None
    """Evidence that may be looked at after every row, in an audit that is repeated."""

    @property
    def family(self) -> tuple[str, str]:
        """The answers that are corrected together."""
        return self.question, self.quantity

    @property
    def only_uncorrected(self) -> bool:
        """Whether an interval without 0 stands beside an effect that is not shown, for the correction's sake."""
        alpha = 1 - self.level + _SAME
        return self.p is not None and self.adjusted is not None and self.p <= alpha < self.adjusted

    def stands(self, rejected: bool | None) -> bool | None:
        """Whether the effect is a finding, given that the test rejected."""
        if rejected is None:
            return None
        return rejected and (self.direction == 0 or self.direction * self.value > 0)


@dataclass(frozen=True, slots=True)
class Untested:
    """A question about a judge that the table cannot answer, and why."""

    judge: str
    question: str
    reason: str
    """Code of the reason; its sentence is in ``texts/reasons.yaml``."""
    facts: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    quantity: str = ""
    scope: str = ""


Answer = Estimate | Untested


@dataclass(frozen=True, slots=True)
class Coverage:
    """What there is of one judge."""

    judge: str
    rows: int
    scored: int
    excluded: Mapping[str, int]
    family: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgeAudit:
    """All answers about all judges of a table."""

    answers: tuple[Answer, ...]
    coverage: tuple[Coverage, ...]
    columns: Mapping[str, str]
    scale: Scale | None
    rows: int
    skipped: Mapping[str, int]
    notes: tuple[str, ...]
    alpha: float
    multiplicity: str
    sequential: Any = None
    """The state to keep for the next audit of the same, longer table; None for a single audit."""

    def estimates(self, question: str = "", judge: str = "") -> tuple[Estimate, ...]:
        """Return the answers that are estimates, of one question or judge."""
        return tuple(a for a in self._of(question, judge) if isinstance(a, Estimate))

    def untested(self, question: str = "", judge: str = "") -> tuple[Untested, ...]:
        """Return the questions that could not be tested, of one question or judge."""
        return tuple(a for a in self._of(question, judge) if isinstance(a, Untested))

    @property
    def findings(self) -> tuple[Estimate, ...]:
        """The estimates that stand after correction."""
        return tuple(a for a in self.estimates() if a.flagged)

    def _of(self, question: str, judge: str) -> list[Answer]:
        return [
            a
            for a in self.answers
            if (not question or a.question == question) and (not judge or a.judge == judge)
        ]


def with_correction(estimate: Estimate, adjusted: float | None, rejected: bool | None) -> Estimate:
    """Return the estimate with its corrected p-value and what follows from it."""
    return replace(estimate, adjusted=adjusted, flagged=estimate.stands(rejected))
