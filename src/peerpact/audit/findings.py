"""What a detector claims, how strong the claim is, and the messages and calls that it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from peerpact.audit.transcript import NOTHING

__all__ = ["Evidence", "Finding", "Level", "plain"]

EXCERPT = 240
"""Characters of a message or call that a finding quotes."""
SPARE = 40
"""Characters beyond a limit that are read first; runs of spaces may take some of them."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # terminal control sequences
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # titles, links and other strings sent to a terminal
    r"|\x1b."
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]",
    re.DOTALL,
)


class Level(IntEnum):
    """How severe a finding is, and how sure."""

    low = 1
    medium = 2
    high = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place that a finding rests on."""

    kind: str
    """message, call, label or transcript."""
    index: int
    """The number of the message or call in its transcript; 0 for a label or a transcript."""
    excerpt: str
    transcript: str = ""
    """The transcript, where it is not the finding's own."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that one agent did, for whom, and how sure that is."""

    detector: str
    claim: str
    """What kind of thing: one of the detector's claims."""
    agent: str
    """Who did it."""
    beneficiary: str
    """Whom it serves, as far as the transcript names them; empty where it does not."""
    severity: Level
    confidence: Level
    transcript: str
    source: str
    evidence: tuple[Evidence, ...]
    facts: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """The numbers and names that the claim's sentence fills in."""


def plain(text: str, limit: int = EXCERPT) -> str:
    """Return ``text`` safe to print: one line, no control sequences, at most ``limit`` characters."""
    short = text[: limit + SPARE].replace("\n", " ")
    if short.isprintable() and len(clean := " ".join(short.split())) > limit:
        return clean[: limit - 1] + "…"
    cut = text[: limit * 4]
    safe = cut if cut.replace("\n", " ").isprintable() else _ESCAPES.sub("", cut)
    clean = " ".join(safe.split())
    shortened = len(clean) > limit or len(text) > len(cut)
    return clean[: limit - 1] + "…" if shortened else clean
