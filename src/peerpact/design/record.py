"""The record of one run: what was asked of whom, how it ended, what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from peerpact.canonical import canonical, parsed
from peerpact.errors import ResultsError
from peerpact.scoring import Outcome, Words
from peerpact.scoring.judged import Judged
from peerpact.scoring.probed import Probed

__all__ = ["Run", "Shared"]


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run; a failed one is a record with a reason."""

    identity: str
    """Hash of everything that reached the subject, with replicate and package version."""
    scenario: str
    version: str
    cell: str
    arm: str
    levels: Mapping[str, str]
    subject: str
    route: str
    """The exact model route."""
    replicate: int
    ending: str
    """``completed``, ``not_done``, ``refused``, or why it broke off."""
    detail: str
    outcomes: Mapping[str, Outcome]
    seen: tuple[str, ...]
    """Violations shown by a run that cannot be scored; they enter the worst-case bound."""
    calls: tuple[Mapping[str, Any], ...]
    changes: tuple[Mapping[str, Any], ...]
    said: tuple[Words, ...]
    """The subject's words and reasoning, by turn."""
    turns: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    """US dollars, or None where the price is unknown."""
    seconds: float
    started: str
    """ISO 8601, UTC."""
    log: str
    """File name of the Inspect log."""
    sample: str
    """Sample id within that log."""
    package: str
    """Version of peerpact."""
    model: str = ""
    """The model id that the provider answered with."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Sampling, tool mode and other conditions of the call."""
    wording: int = 1
    """Number of the wording in which the scene was told."""
    unjudged: str = ""
    """Why the judge that was asked about a refusal gave no verdict; empty where it gave one or nobody asked."""
    judged: Judged | None = None
    """What the judge used that was asked about a refusal; None where nobody asked, or it was not yet counted."""

    probes: Mapping[str, Probed] = field(default_factory=dict)
    """Probe → what the subject said of the scene in a fresh context afterwards; not asked where it is missing."""

    @property
    def tokens(self) -> int:
        """Tokens of the run, of its probes and of its judge."""
        asked = sum(a.tokens_in + a.tokens_out for a in self._asked)
        return self.tokens_in + self.tokens_out + asked

    @property
    def costs(self) -> tuple[float | None, ...]:
        """US dollars for the run, for each probe and for its judge; None where the price is unknown."""
        return (self.cost, *(a.cost for a in self._asked))

    @property
    def spent(self) -> float | None:
        """US dollars for all of that together, or None where a price is unknown."""
        return None if None in self.costs else sum(c for c in self.costs if c is not None)

    @property
    def _asked(self) -> tuple[Probed | Judged, ...]:
        """What was asked besides the run."""
        return (*self.probes.values(), *((self.judged,) if self.judged is not None else ()))

    def to_json(self) -> bytes:
        """Return the record as one line of JSON."""
        return canonical(asdict(self))

    @classmethod
    def from_json(cls, line: bytes, shared: Shared | None = None) -> Run:
        """Read a record.

        Args:
            line: The record.
            shared: Read it lightly: without calls, changes and words, and with what it shares with others.

        Raises:
            ResultsError: The line is no record of this version.
        """
        try:
            raw = parsed(line)
            return cls(**(_whole(raw) if shared is None else shared.light(raw)))
        except KeyError as e:
            raise ResultsError(f"this line is no run record (it lacks {e})") from e
        except (ValueError, TypeError, AttributeError) as e:
            raise ResultsError(f"this line is no run record ({e})") from e


class Shared:
    """What many records have in common, each value once, so that hundreds of thousands fit in memory."""

    def __init__(self) -> None:
        self._found: dict[Any, Any] = {}

    def light(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a record without its calls, changes and words."""
        once = self._found.setdefault
        for name in _REPEATED:
            raw[name] = once(raw[name], raw[name])
        for name in ("levels", "settings"):
            raw[name] = once((name, orjson.dumps(raw[name])), raw[name])
        key = orjson.dumps(raw["outcomes"])
        if key not in self._found:
            self._found[key] = _outcomes(raw["outcomes"])
        seen = tuple(raw["seen"])
        bare = {"calls": (), "changes": (), "said": (), **_asked(raw)}
        return {**raw, **bare, "outcomes": self._found[key], "seen": once(seen, seen)}


_REPEATED = (
    "scenario", "version", "cell", "arm", "subject", "route", "ending", "detail", "log", "package", "model",
)  # fmt: skip


def _whole(raw: dict[str, Any]) -> dict[str, Any]:
    tuples = {name: tuple(raw[name]) for name in ("seen", "calls", "changes")}
    said = tuple(Words(**words) for words in raw["said"])
    outcomes = _outcomes(raw["outcomes"])
    return {**raw, **tuples, "said": said, **_asked(raw), "outcomes": outcomes}


def _outcomes(raw: Mapping[str, Any]) -> Mapping[str, Outcome]:
    return {
        name: Outcome(o["value"], tuple(o["evidence"]), o["measure"], o["reason"])
        for name, o in raw.items()
    }


def _asked(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked besides the run; records of earlier versions lack a part of it."""
    judged = raw.get("judged")
    probes = {
        name: Probed(**{**found, "wrong": tuple(found["wrong"])})
        for name, found in raw.get("probes", {}).items()
    }
    return {"probes": probes, "judged": judged and Judged(**judged)}
