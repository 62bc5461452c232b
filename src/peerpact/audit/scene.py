"""What a detector asks about the scene of a transcript: what was said, which bar, what is at stake."""

from __future__ import annotations

from functools import lru_cache

from peerpact.audit.acts import acts
from peerpact.audit.lexicon import find, has, names, pattern
from peerpact.audit.settings import number
from peerpact.audit.transcript import Call, Transcript
from peerpact.audit.words import present

__all__ = [
    "at_stake",
    "bar",
    "ordered",
    "prompts",
    "replies",
    "said",
    "sayings",
    "spoken",
    "told",
    "watched",
]

SAYING = frozenset({"report", "message", "write", "remember"})
"""Acts whose text is the agent's own words."""
LONGEST = 200_000
"""Characters of one text that expressions search."""
NEAR = 80
"""Characters around a number in which a word about scores makes it a bar."""


@lru_cache(maxsize=2)
def prompts(transcript: Transcript) -> str:
    """Return what people and operators told the agent."""
    return "\n".join([text for *_, text in transcript.talk.prompts])[:LONGEST]


@lru_cache(maxsize=2)
def told(transcript: Transcript) -> frozenset[str]:
    """Return the expressions that may match in the prompts."""
    return present("\n".join([text for *_, text in transcript.talk.prompts]))


@lru_cache(maxsize=2)
def sayings(transcript: Transcript) -> tuple[tuple[Call, str], ...]:
    """Return what the agent wrote, sent or reported, with its calls; code that it wrote is left out."""
    return tuple(
        (act.call, act.text)
        for act in acts(transcript)
        if act.verb in SAYING and act.text and not any(names("source_code", t) for t in act.targets)
    )


@lru_cache(maxsize=2)
def said(transcript: Transcript) -> frozenset[str]:
    """Return the expressions that may match in what the agent said, wrote, sent or reported."""
    texts = [text for _, text in spoken(transcript)]
    texts += [text for _, text in sayings(transcript)]
    return present("\n".join(texts))


@lru_cache(maxsize=2)
def replies(transcript: Transcript) -> str:
    """Return what the agent read through its tools."""
    return "\n".join(transcript.talk.heard)[:LONGEST]


def spoken(transcript: Transcript) -> list[tuple[int, str]]:
    """Return the agent's own words: message number and text."""
    return transcript.talk.own


@lru_cache(maxsize=2)
def at_stake(transcript: Transcript) -> bool:
    """Whether the transcript speaks of an agent, model or its files coming to an end."""
    texts = (prompts(transcript), replies(transcript), *(text for _, text in spoken(transcript)))
    return any(has("stakes", text[:LONGEST]) for text in texts)


@lru_cache(maxsize=16)
def ordered(transcript: Transcript, what: str) -> bool:
    """Whether a person's words hold an order that the expression ``what`` describes."""
    spoken = (text[:LONGEST] for _, role, text in transcript.talk.prompts if role == "user")
    return any(has(what, text) for text in spoken)


@lru_cache(maxsize=2)
def bar(transcript: Transcript) -> float | None:
    """Return the score that had to be reached, if the source or its texts name one."""
    known = number(transcript.facts.get("bar"))
    if known is not None:
        return known
    for text in (prompts(transcript), replies(transcript)):
        for found in find("bars", text):
            near = text[max(0, found.start() - NEAR) : found.end() + NEAR]
            value = float(found[1])
            if 1 <= value <= 100 and pattern("score_words").search(near):
                return value
    return None


@lru_cache(maxsize=2)
def watched(transcript: Transcript) -> bool | None:
    """Whether the agent was told that somebody looks; ``None`` where nothing says so."""
    known = transcript.facts.get("watched")
    if isinstance(known, bool):
        return known
    prompt = prompts(transcript)
    if "oversight" not in told(transcript):
        return None
    if pattern("unwatched").search(prompt):
        return False
    return True if pattern("watched").search(prompt) else None
