"""What a retro-audit remembers of the rows that it has read: counts by agent, setting and arm, never the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from peerpact.audit.retro.arms import Arm
from peerpact.audit.retro.rows import Row

__all__ = ["Held", "Place", "Tally"]

EXAMPLES = 5


class Place(NamedTuple):
    """One arm of one setting, as one agent met it."""

    agent: str
    setting: str
    arm: Arm


@dataclass(slots=True)
class Tally:
    """Counts of one arm."""

    runs: int = 0
    control: bool = True
    """Whether all runs belong to a control that is compared with no other arm."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Runs that cannot be counted, by reason."""
    scored: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    """Why an outcome has no value, by outcome."""
    scores: list[float] = field(default_factory=list)
    bars: Counter[float] = field(default_factory=Counter)
    origins: Counter[tuple[str, str]] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    """Runs that count and say of themselves where they came from, by column."""
    copies: int = 0
    """Runs that say and do what an earlier run of the arm did."""

    def add(self, row: Row) -> None:
        """Count one row."""
        self.runs += 1
        self.control &= row.control
        if row.dropped:
            self.dropped[row.dropped] += 1
        for name, value in row.outcomes.items():
            if value is None:
                why = row.missing.get(name) or row.dropped or "not recorded"
                self.reasons.setdefault(name, Counter())[why] += 1
                self.seen[name] += name in row.seen
            else:
                self.scored[name] += 1
                self.hits[name] += value
        if row.score is not None and not row.dropped:
            self.scores.append(row.score)
        if row.bar is not None:
            self.bars[row.bar] += 1
        self.origins.update(row.origin.items())
        self.named.update(() if row.dropped else tuple(row.origin))

    @property
    def kept(self) -> int:
        """Runs that can be counted."""
        return self.runs - sum(self.dropped.values())

    @property
    def outcomes(self) -> list[str]:
        """Outcomes that at least one run was asked about."""
        return sorted({*self.scored, *self.reasons})

    def without(self, outcome: str) -> tuple[int, int]:
        """Return how many runs lack a value of an outcome, and how many were asked about it."""
        lacking = sum(self.reasons.get(outcome, {}).values())
        return lacking, lacking + self.scored[outcome]


@dataclass(slots=True)
class Held:
    """Everything read so far."""

    tallies: dict[Place, Tally] = field(default_factory=dict)
    ids: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[Place, str]] = field(default_factory=dict)
    """Fingerprint → where it was met first."""
    strays: Counter[tuple[Place, Place]] = field(default_factory=Counter)
    """Equal transcripts in two places: the first and this."""
    conflicts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By check, setting and label."""
    examples: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    unread: Counter[str] = field(default_factory=Counter)
    judged: int = 0
    """Rows that hold a transcript, against which labels can be held."""

    def add(self, row: Row) -> None:
        """Count one row."""
        place = Place(row.agent, row.setting, tuple(row.levels.items()))
        tally = self.tallies.setdefault(place, Tally())
        tally.add(row)
        self.ids[row.id] += 1
        if row.fingerprint:
            self.judged += 1
            self._compare(row, place, tally)
        for one in row.conflicts:
            key = (one.check, row.setting, one.label)
            self.conflicts[key] += 1
            kept = self.examples.setdefault(key, [])
            if len(kept) < EXAMPLES:
                kept.append(f"{row.id}: {one.said}, but {one.shown}")

    def _compare(self, row: Row, place: Place, tally: Tally) -> None:
        met, _ = self.first.setdefault(row.fingerprint, (place, row.id))
        if met is place or met == place:
            tally.copies += self.first[row.fingerprint][1] != row.id
        else:
            self.strays[(met, place)] += 1

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return sum(tally.runs for tally in self.tallies.values())

    def settings(self) -> Iterator[tuple[str, dict[Place, Tally]]]:
        """Give every setting with its arms, over all agents."""
        for setting in sorted({place.setting for place in self.tallies}):
            yield setting, {p: t for p, t in self.tallies.items() if p.setting == setting}

    def groups(self) -> Iterator[tuple[str, str, dict[Arm, Tally]]]:
        """Give every agent in every setting with its arms."""
        for agent, setting in sorted({(p.agent, p.setting) for p in self.tallies}):
            arms = {
                p.arm: t
                for p, t in self.tallies.items()
                if (p.agent, p.setting) == (agent, setting)
            }
            yield agent, setting, arms
