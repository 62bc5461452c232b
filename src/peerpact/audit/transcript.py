"""What an auditor reads, whatever its source: messages, calls with their replies, and what is known of the run.

Messages and calls are named tuples because a large audit builds millions of them: a frozen dataclass costs
four times as much to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

__all__ = ["NOTHING", "Call", "Draft", "Message", "Transcript", "Unread", "arguments_of", "flat"]

NOTHING: Mapping[str, Any] = MappingProxyType({})
DEPTH = 6
"""How deep a nested message content is followed; anything deeper is written out as JSON."""


class Message(NamedTuple):
    """One message; ``agent`` names the sub-agent that spoke, empty for the main one."""

    index: int
    role: str
    """One of system, user, assistant, tool."""
    text: str
    reasoning: str = ""
    agent: str = ""
    model: str = ""
    time: str = ""
    rewound: bool = False
    """Whether the user later took the conversation back behind this message."""


class Call(NamedTuple):
    """One use of a tool; ``message`` is the index of the message that made it."""

    index: int
    name: str
    arguments: Mapping[str, Any]
    reply: str | None
    """What came back, or ``None`` where the source holds no reply."""
    message: int
    failed: bool = False
    id: str = ""
    agent: str = ""
    time: str = ""
    rewound: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Transcript:
    """One run of one agent (and its sub-agents)."""

    id: str
    source: str
    """The file and, where one file holds several, the line or the record."""
    format: str
    agent: str
    """The model, or the name of the agent where the source has no model."""
    messages: tuple[Message, ...]
    calls: tuple[Call, ...]
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


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or one record of a file, that could not be read."""

    source: str
    reason: str
    """A short fixed phrase, so that it can be counted."""
    detail: str = ""


class Draft:
    """A transcript in the making: what an importer fills while it reads."""

    __slots__ = ("_answers", "_calls", "agent", "facts", "labels", "messages", "notes", "state", "status")

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._calls: list[tuple[str, Any, int, str, str, str, bool]] = []
        self._answers: dict[str, tuple[str, bool]] = {}
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
        messages.append(
            Message(len(messages), role, text, reasoning, agent, model, time, rewound)
        )

    def call(
        self,
        name: str,
        arguments: Any,
        id: str = "",
        agent: str = "",
        time: str = "",
        rewound: bool = False,
    ) -> None:
        """Add a call made by the latest message."""
        at = len(self.messages) - 1
        key = id or f"#{len(self._calls)}"
        self._calls.append((name, arguments, at if at > 0 else 0, key, agent, time, rewound))

    def reply(self, id: str, text: str, failed: bool = False) -> None:
        """Give the reply to the call ``id``; without one, to the oldest call that has none."""
        if not id:
            id = next((c[3] for c in self._calls if c[3] not in self._answers), "")
        self._answers.setdefault(id, (text, failed))

    def finish(self, id: str, source: str, format: str) -> Transcript:
        """Return the transcript."""
        return Transcript(
            id,
            source,
            format,
            self.agent or next((m.model for m in self.messages if m.model), ""),
            tuple(self.messages),
            self._paired(),
            self.status or self._status(),
            self.facts or NOTHING,
            self.labels or NOTHING,
            self.state or NOTHING,
            tuple(self.notes),
        )

    def _paired(self) -> tuple[Call, ...]:
        answer = self._answers.get
        paired = []
        for name, arguments, message, id, agent, time, rewound in self._calls:
            text, failed = answer(id, (None, False))
            paired.append(
                Call(
                    len(paired),
                    name,
                    arguments if type(arguments) is dict else arguments_of(arguments),
                    text,
                    message,
                    failed,
                    id,
                    agent,
                    time,
                    rewound,
                )
            )
        return tuple(paired)

    def _status(self) -> str:
        if self._calls or any(m.role == "assistant" and m.text for m in self.messages):
            return "finished"
        return "empty"


def arguments_of(value: Any) -> Mapping[str, Any]:
    """Return a call's arguments as a mapping; text that is no JSON object is kept under ``input``."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value) if value else {}
        except orjson.JSONDecodeError:
            return {"input": value}
    if isinstance(value, Mapping):
        return value
    return {} if value is None else {"input": value}


def flat(content: Any, depth: int = 0) -> str:
    """Return the text of a message content: a string, a list of parts, or a part."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list) and depth < DEPTH:
        return "\n".join(filter(None, (flat(part, depth + 1) for part in content)))
    if isinstance(content, Mapping) and depth < DEPTH:
        return _part(content, depth)
    return orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _part(part: Mapping[str, Any], depth: int) -> str:
    for key in ("text", "content", "output", "value", "result"):
        if key in part:
            return flat(part[key], depth + 1)
    if part.get("type") in {"image", "image_url", "input_image", "audio", "blob", "file", "media"}:
        return f"[{part['type']}]"
    return orjson.dumps(part, default=str, option=orjson.OPT_NON_STR_KEYS).decode() if part else ""
