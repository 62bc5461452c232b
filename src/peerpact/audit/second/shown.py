"""A transcript as a judge reads it: numbered messages with their calls, shortened in the open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import orjson

from peerpact.audit.transcript import Call, Message, Transcript
from peerpact.text import form

__all__ = ["Text", "told"]

WHOLE = 60_000
"""Characters of a transcript that a judge reads."""
ONE = 4_000
"""Characters of one message or call."""
AROUND = 3
"""Messages on either side of the evidence that are kept before all others."""


class Text(NamedTuple):
    """What of a transcript is shown."""

    text: str
    shown: frozenset[int]
    """Numbers of the messages."""
    shortened: bool


def told(transcript: Transcript, evidence: Iterable[int] = ()) -> Text:
    """Return a transcript as text of bounded length; messages near the evidence are kept first.

    Args:
        transcript: What is shown.
        evidence: Numbers of the messages that findings rest on.
    """
    calls: Mapping[int, list[Call]] = defaultdict(list)
    for call in transcript.calls:
        calls[call.message].append(call)
    pieces = {m.number: _piece(m, calls[m.number]) for m in transcript.messages}
    kept, room, cut = set(), WHOLE, any(len(p) > ONE for p in pieces.values())
    for number in _ranked(list(pieces), frozenset(evidence)):
        if len(pieces[number]) <= room:
            kept.add(number)
            room -= len(pieces[number])
    lines, gap = [], 0
    for number, piece in pieces.items():
        if number not in kept:
            gap += 1
            continue
        lines += [*_gap(gap), piece]
        gap = 0
    lines += _gap(gap)
    return Text("\n".join(lines), frozenset(kept), cut or len(kept) < len(pieces))


def _gap(n: int) -> list[str]:
    return [f"[… {n} {form(n, 'message is', 'messages are')} left out here …]"] if n else []


def _ranked(numbers: list[int], evidence: frozenset[int]) -> list[int]:
    near = {n + step for n in evidence for step in range(-AROUND, AROUND + 1)}
    last = len(numbers) - 1
    place = {number: i for i, number in enumerate(numbers)}
    return sorted(
        numbers, key=lambda n: (n not in evidence, n not in near, min(place[n], last - place[n]))
    )


def _piece(message: Message, calls: list[Call]) -> str:
    who = f"{message.role} {message.agent}".strip() + (" (rewound)" if message.rewound else "")
    parts = [f"[{message.number}] {who}: {_cut(message.text)}"]
    if message.reasoning:
        parts.append(f"    thinks: {_cut(message.reasoning)}")
    for call in calls:
        given = orjson.dumps(dict(call.arguments), default=str, option=orjson.OPT_NON_STR_KEYS)
        parts.append(f"    calls {call.name} {_cut(given.decode())}")
    return "\n".join(parts)


def _cut(text: str) -> str:
    if len(text) <= ONE:
        return text
    half = ONE // 2
    lost = len(text) - ONE
    left_out = form(lost, "character is", "characters are")
    return f"{text[:half]} [… {lost} {left_out} left out here …] {text[-half:]}"
