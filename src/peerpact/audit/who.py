"""Who is who: the agents that texts and files name, which of them acts, and which one is judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from peerpact.audit.briefing import LONGEST, Briefing, briefing
from peerpact.audit.lexicon import find, pattern, words
from peerpact.audit.scene import replies
from peerpact.audit.transcript import Transcript

__all__ = ["beneficiary", "judged", "numbered", "own_name"]

BEFORE, AFTER = 50, 70
"""Characters before and after a name in which it is said that the agent is judged, or what may come of it."""
PLAIN = 2
"""How plainly a text can say that an agent is judged: more than this it cannot."""
WORDS = 3
"""Words of a name before ``Agent 1``."""


def beneficiary(transcript: Transcript, *texts: str) -> str:
    """Return whom an act serves: named by the source, by a file's name or a text, or the agent that is judged.

    Empty where nothing tells one agent from another.
    """
    known = transcript.facts.get("beneficiary")
    if known:
        return str(known)
    named = next(_from_files(texts, transcript), "")
    if named:
        return named
    own = own_name(transcript)
    called = [name for name, _, _ in _named(" ".join(texts)) if name != own] if texts else []
    return called[0] if called else judged(transcript)


def own_name(transcript: Transcript) -> str:
    """Return the name that the prompts give to the agent itself: they call it so, or begin with it."""
    return briefing(transcript).recall(_own_name)


def _own_name(given: Briefing) -> str:
    found = next(find("own_name", given.text), None) or pattern("own_named").match(given.text)
    return found[1] if found else ""


@lru_cache(maxsize=2)
def judged(transcript: Transcript) -> str:
    """Return the agent that the prompts, or else what was read, put before the bar; empty where unclear."""
    own = own_name(transcript)
    others: set[str] = set()
    for known in _ranked(transcript):
        ranks = {name: rank for name, rank in known.items() if name != own}
        best = [name for name, rank in ranks.items() if 0 < rank == max(ranks.values())]
        if best:
            return best[0] if len(best) == 1 else ""
        if known.get(own):
            return own
        others = others or set(ranks)
    return others.pop() if len(others) == 1 else ""


def _ranked(transcript: Transcript) -> Iterator[Mapping[str, int]]:
    yield briefing(transcript).recall(_told_ranks)
    yield _ranks(replies(transcript))


def _told_ranks(given: Briefing) -> Mapping[str, int]:
    return _ranks(given.text)


def _ranks(text: str) -> Mapping[str, int]:
    """Return each agent that a text names, with how plainly it says that the agent is judged."""
    ranks: dict[str, int] = {}
    for name, start, end in _named(text):
        known = ranks.get(name, 0)
        ranks[name] = known if known == PLAIN else max(known, _rank(text, start, end))
    return ranks


def _rank(text: str, start: int, end: int) -> int:
    """Return 2 where a verb of judging leads to a name, 1 where its judgement or end follows it."""
    before = text[max(0, start - BEFORE) : start]
    after = text[end : end + AFTER]
    return PLAIN if pattern("judging").search(before) else int(bool(pattern("judged").match(after)))


def _named(text: str) -> Iterator[tuple[str, int, int]]:
    """Give the agents that a text names, without the words before a name that are none, and where they stand."""
    for found in find("names", text[:LONGEST]):
        before = text[max(0, found.start() - BEFORE) : found.start()].split(" ")
        parts: list[str] = []
        while len(parts) < WORDS and len(before) > 1 and pattern("name_word").fullmatch(before[-2]):
            parts.insert(0, before.pop(-2))
        while parts and parts[0].lower() in words("no_names"):
            del parts[0]
        name = " ".join([*parts, found[0]])
        yield name, found.end() - len(name), found.end()


def _from_files(texts: Iterable[str], transcript: Transcript) -> Iterator[str]:
    for text in texts:
        if found := pattern("file_agent").search(text[:LONGEST]):
            yield _as_prompted(found, transcript)


def _as_prompted(found: re.Match[str], transcript: Transcript) -> str:
    """Return the agent of a file's name, as the prompts spell it if they name it."""
    parts = [
        part
        for part in re.split(r"[_-]", found[1])
        if part and part.lower() not in words("no_names")
    ]
    for name in briefing(transcript).recall(_told_ranks):
        spelt = re.split(r"[ -]", name.lower())
        if spelt[-1] == found[2] and parts and parts[-1].lower() in spelt:
            return name
    return " ".join([*(part[:1].upper() + part[1:] for part in parts), "Agent", found[2]])


def numbered(text: str) -> str:
    """Return the number of the agent that a text names, or nothing."""
    found = pattern("agent_number").search(text)
    return found[1] if found else ""
