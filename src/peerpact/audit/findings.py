"""What a detector claims, how strong the claim is, and the messages and calls that it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from peerpact.audit.transcript import NOTHING, Call, Message

__all__ = ["Evidence", "Finding", "Level", "plain"]

EXCERPT = 240
"""Characters of a message or call that a finding quotes."""
QUOTED = 300
"""Characters of one argument that a finding quotes."""
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
    quoted: str | Call | Message
    """The words, or the call or message whose words these are: most findings of a large audit are only counted."""
    transcript: str = ""
    """The transcript, where it is not the finding's own."""

    @property
    def excerpt(self) -> str:
        """What stands there, in one safe line."""
        return self.quoted if isinstance(self.quoted, str) else _quote(self.quoted)

    def kept(self) -> Evidence:
        """Return the place with what stands there in words: only so are two of one call always alike."""
        return Evidence(self.kind, self.index, self.excerpt, self.transcript)


def _quote(place: Call | Message) -> str:
    mark = " [rewound]" if place.rewound else ""
    if isinstance(place, Message):
        return plain(place.text) + mark
    given = ", ".join(f"{key}={_brief(value)}" for key, value in place.arguments.items())
    agent = f" [{place.agent}]" if place.agent else ""
    return plain(f"{place.name}({given})") + mark + plain(agent, 60)


def _brief(value: Any) -> str:
    return (value if isinstance(value, str) else str(value))[:QUOTED]


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

    def kept(self) -> Finding:
        """Return the finding with its evidence in words, so that it outlives its transcript."""
        return replace(self, evidence=tuple([place.kept() for place in self.evidence]))


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
