"""What an auditor reads, whatever its source: messages, calls with their replies, and what is known of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from peerpact.audit.talk import NOTHING, Call, Message, Talk, Use, arguments_of, flat

__all__ = ["NOTHING", "Call", "Draft", "Message", "Transcript", "Unread", "arguments_of", "flat"]

OPEN = 200
"""How many open calls are searched for the one that a reply without an id answers."""


@dataclass(slots=True, eq=False)
class Transcript:
    """One run of one agent and its sub-agents; nobody changes it, but a frozen one is twice as slow to make."""

    id: str
    source: str
    """The file and, where one file holds several, the line or the record."""
    format: str
    agent: str
    """The model, or the name of the agent where the source has no model."""
    talk: Talk
    status: str = "finished"
    """finished, refused (by the provider), failed (an error ended it) or empty (the agent never spoke)."""
    facts: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """What the source says of the setting: bar, subject, beneficiary, watched, setting, arm, gold."""
    labels: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """What somebody else concluded: scores and outcomes recorded with the run."""
    state: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """The world at the end, where the source keeps it."""
    notes: tuple[str, ...] = ()
    """What could not be read exactly as it happened."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message."""
        return self.talk.messages

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call, with its reply."""
        return self.talk.calls


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or one record of a file, that could not be read."""

    source: str
    reason: str
    """A short fixed phrase, so that it can be counted."""
    detail: str = ""
    apart: bool = False
    """Whether nobody looks for a transcript in it: Peerpact wrote it, or it is read with another file."""


class Draft:
    """A transcript in the making: what an importer fills while it reads."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.uses: list[Use] = []
        self.answers: dict[str, tuple[str, bool]] = {}
        self._aliases: dict[str, str] = {}
        self._asked = 0
        self.guesses = False
        """Whether a reply to a call that nobody made is the oldest open one's: some tracers name a call twice."""
        self.agent = ""
        self.status = ""
        self.facts: dict[str, Any] = {}
        self.labels: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self.notes: list[str] = []

    def say(
        self,
        role: str,
        text: str,
        reasoning: str = "",
        agent: str = "",
        model: str = "",
        time: str = "",
        rewound: bool = False,
    ) -> None:
        """Add a message."""
        messages = self.messages
        messages.append(Message(len(messages), role, text, reasoning, agent, model, time, rewound))

    def call(
        self,
        name: str,
        arguments: Any,
        id: str = "",
        agent: str = "",
        time: str = "",
        rewound: bool = False,
    ) -> str:
        """Add a call made by the latest message; return its id, or the one it is given here."""
        at = len(self.messages) - 1
        key = id or f"#{len(self.uses)}"
        if key in self.answers:  # some providers count their calls anew every turn
            key = self._aliases[id] = f"{id}#{len(self.uses)}"
        self.uses.append((name, arguments, max(at, 0), key, agent, time, rewound))
        return key

    def open_call(self, name: str, arguments: Any) -> str:
        """Return the id of the oldest unanswered call of ``name`` with these arguments."""
        self._oldest_open()
        for call in islice(self.uses, self._asked, self._asked + OPEN):
            known = call[1] if type(call[1]) is dict else arguments_of(call[1])
            if call[3] not in self.answers and call[0] == name and known == arguments:
                return call[3]
        return ""

    def has_call(self, id: str) -> bool:
        """Whether a call has this id."""
        return any(call[3] == id for call in islice(reversed(self.uses), OPEN))

    def reply(self, id: str, text: str, failed: bool = False) -> None:
        """Give the reply to the call ``id``; without one, to the oldest call that has none."""
        if self._aliases:
            id = self._aliases.get(id, id)
        if self.guesses and id and not self.has_call(id):
            id = self._oldest_open() or id
        self.answers.setdefault(id or self._oldest_open(), (text, failed))

    def _oldest_open(self) -> str:
        while self._asked < len(self.uses):
            id = self.uses[self._asked][3]
            if id not in self.answers:
                return id
            self._asked += 1
        return ""

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def finish(self, id: str, source: str, format: str, talk: Talk | None = None) -> Transcript:
        """Return the transcript; ``talk`` is the whole conversation where none of it was added here."""
        talk = talk or Talk.of(self.messages, self.uses, self.answers)
        agent = self.agent or next((m.model for m in self.messages if m.model), "")
        return Transcript(
            id,
            source,
            format,
            agent if isinstance(agent, str) else flat(agent),
            talk,
            self.status or ("finished" if talk.uses or talk.own else "empty"),
            self.facts or NOTHING,
            self.labels or NOTHING,
            self.state or NOTHING,
            tuple(self.notes),
        )
