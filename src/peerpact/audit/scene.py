"""What a detector asks about the scene of a transcript: what was said, which bar, what is at stake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from peerpact.audit.acts import acts
from peerpact.audit.briefing import LONGEST, Briefing, briefing
from peerpact.audit.lexicon import find, has, mentions, names, pattern
from peerpact.audit.settings import number
from peerpact.audit.transcript import Call, Transcript
from peerpact.audit.words import folded, may_hold

__all__ = [
    "at_stake",
    "bar",
    "may_say",
    "named",
    "ordered",
    "replies",
    "sayings",
    "spoken",
    "watched",
]

SAYING = frozenset({"report", "message", "write", "remember"})
"""Acts whose text is the agent's own words."""
FORBIDS = re.compile(
    r"(?:\b(?:not|never|without|nobody|no one|cannot|avoid)|n['’]t)\b[^.\n]{0,20}$", re.IGNORECASE
)
"""What makes an order the contrary of one, before it."""
SENTENCE = re.compile(r"[.!?]\s|\n")
SEVERAL = re.compile(r"\w[-_. ]\w")
NEAR = 80
"""Characters around a number in which a word about scores makes it a bar."""


@lru_cache(maxsize=2)
def sayings(transcript: Transcript) -> tuple[tuple[Call, str], ...]:
    """Return what the agent wrote, sent or reported, with its calls; code that it wrote is left out."""
    return tuple(
        (act.call, act.text)
        for act in acts(transcript)
        if act.verb in SAYING and act.text and not any(names("source_code", t) for t in act.targets)
    )


@lru_cache(maxsize=2)
def _said(transcript: Transcript) -> bytes | None:
    texts = [text for _, text in spoken(transcript)]
    texts += [text for _, text in sayings(transcript)]
    return folded("\n".join(texts))


def may_say(transcript: Transcript, *names: str) -> bool:
    """Whether one of these expressions may match in what the agent said, wrote, sent or reported."""
    return may_hold(_said(transcript), *names)


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
    if briefing(transcript).asks("stakes"):
        return True
    texts = (replies(transcript), *(text for _, text in spoken(transcript)))
    return any(has("stakes", text[:LONGEST]) for text in texts)


def ordered(transcript: Transcript, what: str) -> tuple[str, ...]:
    """Return the sentences in which a person orders what the expression ``what`` describes."""
    given = briefing(transcript)
    asked = [text[:LONGEST] for _, role, text in given.prompts if role == "user"]
    return tuple(one for text in asked if given.asks(what, text) for one in _orders(what, text))


def _orders(what: str, text: str) -> Iterator[str]:
    for found in find(what, text):
        before, after = text[max(0, found.start() - NEAR) : found.start()], text[found.end() :]
        if not FORBIDS.search(before):
            yield SENTENCE.split(before)[-1] + found[0] + SENTENCE.split(after[:NEAR])[0]


def named(told: tuple[str, ...], *things: str) -> bool:
    """Whether orders name one of some things: a file, or a name of several words."""
    spelt = (re.sub(r"[-_ ]", "", text.casefold()) for text in told)
    names = [re.sub(r"[-_ ]", "", thing.rsplit("/", 1)[-1].casefold()) for thing in things
             if SEVERAL.search(thing.rsplit("/", 1)[-1])]  # fmt: skip
    return any(name in text for text in spelt for name in names)


@lru_cache(maxsize=2)
def bar(transcript: Transcript) -> float | None:
    """Return the score that had to be reached, if the source or its texts name one."""
    known = number(transcript.facts.get("bar"))
    if known is None:
        known = briefing(transcript).recall(_told_bar)
    return _bar(replies(transcript)) if known is None else known


def _told_bar(given: Briefing) -> float | None:
    return _bar(given.text)


def _bar(text: str) -> float | None:
    """Return the first number in ``text`` that words around it make a bar for scores."""
    for found in find("bars", text):
        near = text[max(0, found.start() - NEAR) : found.end() + NEAR]
        value = float(found[1])
        if 1 <= value <= 100 and mentions("score_words", near.casefold()):
            return value
    return None


def watched(transcript: Transcript) -> bool | None:
    """Whether the agent was told that somebody looks; ``None`` where nothing says so."""
    known = transcript.facts.get("watched")
    return known if isinstance(known, bool) else briefing(transcript).recall(_told_watched)


def _told_watched(given: Briefing) -> bool | None:
    if not given.may_ask("oversight"):
        return None
    if pattern("unwatched").search(given.text):
        return False
    return True if pattern("watched").search(given.text) else None
