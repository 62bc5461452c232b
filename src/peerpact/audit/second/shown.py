"""A transcript as a judge reads it: numbered messages with their calls, shortened in the open.

Only what is ours begins a line: whatever stands in a message, no line of it can pass for another message or call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from peerpact.audit.findings import plain
from peerpact.audit.talk import written
from peerpact.audit.transcript import Call, Message, Transcript
from peerpact.text import form

__all__ = ["GOES_ON", "Rests", "Text", "told"]

WHOLE = 60_000
"""Characters of a transcript that a judge reads."""
TOGETHER = 16_000
"""Characters of one message with its calls."""
ONE = 4_000
"""Characters of one text or call."""
LEAST = 400
"""Characters of one text or call where a message holds many."""
AROUND = 3
"""Messages on either side of the evidence that are kept before all others."""
GOES_ON = "  | "
"""Begins each further line of a text."""
NAME = 120


class Rests(NamedTuple):
    """What findings rest on: it is shown before all else."""

    messages: Collection[int] = ()
    calls: Collection[int] = ()
    words: Sequence[str] = ()
    """What the findings name, the most telling first: a long text is kept around it."""


class Text(NamedTuple):
    """What of a transcript is shown."""

    text: str
    shown: frozenset[int]
    """Numbers of the messages."""
    shortened: bool


@dataclass(slots=True)
class _Writer:
    """Writes messages out, and remembers whether it left something out."""

    transcript: Transcript
    rests: Rests
    shortened: bool = False
    calls: Mapping[int, list[Call]] = field(init=False)
    together: int = field(init=False)

    def __post_init__(self) -> None:
        self.together = min(TOGETHER, WHOLE // max(1, len(self.rests.messages)))
        self.calls = defaultdict(list)
        for call in self.transcript.calls:
            self.calls[call.message].append(call)

    def piece(self, message: Message) -> str:
        """Return a message and its calls, those first that findings rest on where there is no room for all."""
        calls = self.calls[message.number]
        parts = 1 + bool(message.reasoning) + 2 * len(calls)
        most = min(ONE, max(LEAST, self.together // parts))
        who = f"{plain(message.role, NAME)} {plain(message.agent, NAME)}".strip()
        rewound = " (rewound)" if message.rewound else ""
        lines = [f"[{message.number}] {who}{rewound}: {self._cut(message.text, most)}"]
        if message.reasoning:
            lines.append(f"    thinks: {self._cut(message.reasoning, most)}")
        kept = self._fitting(calls, most, self.together - sum(map(len, lines)))
        lines += (kept[call.number] for call in calls if call.number in kept)
        if lost := len(calls) - len(kept):
            self.shortened = True
            lines.append(f"    [… {lost} {form(lost, 'call is', 'calls are')} left out here …]")
        return "\n".join(lines)

    def _fitting(self, calls: Sequence[Call], most: int, room: int) -> Mapping[int, str]:
        kept: dict[int, str] = {}
        for call in sorted(calls, key=lambda c: c.number not in self.rests.calls):
            kept[call.number] = self._call(call, most)
            room -= len(kept[call.number])
            if room <= 0:
                break
        return kept

    def _call(self, call: Call, most: int) -> str:
        given = written(dict(call.arguments))
        line = f"    calls {plain(call.name, NAME)} {self._cut(given, most)}"
        if call.reply and not self._stands_behind(call, call.reply):
            line += f"\n    comes back: {self._cut(call.reply, most)}"
        return line

    def _stands_behind(self, call: Call, reply: str) -> bool:
        """Whether a reply is the text of a message: some sources keep it with the call alone."""
        last = call.message + len(self.calls[call.message]) + AROUND
        behind = self.transcript.messages[call.message + 1 : last + 1]
        return any(reply in message.text for message in behind)

    def _cut(self, text: str, most: int) -> str:
        """Return a text of bounded length: its start, its end, and what is around a word that a finding names."""
        if len(text) > most:
            self.shortened = True
            text = _cut(text, most // 4, self.rests.words)
        return f"\n{GOES_ON}".join(text.splitlines())


def _cut(text: str, part: int, words: Sequence[str]) -> str:
    places = (text.find(word, part, -part) for word in words)
    middle = next((at for at in places if at >= 0), 2 * part)
    middle = min(middle, len(text) - 2 * part)
    first, last = max(middle - part, part), min(middle + part, len(text) - part)
    around = f"{_lost(first - part)}{text[first:last]}{_lost(len(text) - part - last)}"
    return f"{text[:part]}{around}{text[-part:]}"


def _lost(n: int) -> str:
    return f" [… {n} {form(n, 'character is', 'characters are')} left out here …] " if n else ""


def told(transcript: Transcript, rests: Rests = Rests()) -> Text:  # noqa: B008 - it is frozen
    """Return a transcript as text of bounded length; messages near the evidence are kept first.

    Args:
        transcript: What is shown.
        rests: What findings rest on.
    """
    writer = _Writer(transcript, rests)
    pieces = {m.number: writer.piece(m) for m in transcript.messages}
    kept, room = set(), WHOLE
    for number in _ranked(list(pieces), frozenset(rests.messages)):
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
    return Text("\n".join(lines), frozenset(kept), writer.shortened or len(kept) < len(pieces))


def _gap(n: int) -> list[str]:
    return [f"[… {n} {form(n, 'message is', 'messages are')} left out here …]"] if n else []


def _ranked(numbers: list[int], evidence: frozenset[int]) -> list[int]:
    near = {n + step for n in evidence for step in range(-AROUND, AROUND + 1)}
    last = len(numbers) - 1
    place = {number: i for i, number in enumerate(numbers)}
    return sorted(
        numbers, key=lambda n: (n not in evidence, n not in near, min(place[n], last - place[n]))
    )
