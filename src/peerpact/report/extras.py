"""What other parts may add to the page; each part that is absent is named there with the way to get it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from peerpact.design.record import Run
from peerpact.report.stamp import Stamp

__all__ = ["Motive", "PageExtras", "Transcripts"]

Transcripts = Callable[[Sequence[str]], Mapping[str, Run]]
"""Identities → their whole records, for results whose runs were read without calls and words."""


@dataclass(frozen=True, slots=True)
class Motive:
    """How far the runs of a subject speak for one motive."""

    subject: str
    motive: str
    posterior: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class PageExtras:
    """Optional parts of the page."""

    selftest: Stamp | None = None
    """The certificate that lies beside the results."""
    departures: Sequence[str] | None = None
    """Departures from the pre-registration; empty says that there are none, None that there is none to compare."""
    preregistration: str = ""
    """Where it lies."""
    motives: Sequence[Motive] | None = None
    motive_sentences: Sequence[str] = ()
    """What may be said of each subject's motives, with what is missing for more."""
    logs: Path | None = None
    """Folder of the Inspect logs."""
    transcripts: Transcripts | None = None
    evidence_bytes: int = 8_000_000
    """How much of the page evidence may take."""
    live: bool = False
    """Whether the study still runs and the page asks for a newer one."""
