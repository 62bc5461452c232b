"""What an auditor reads, whatever its source: messages, calls with their replies, and what is known of the run.

Messages and calls are named tuples because a large audit builds millions of them: a frozen dataclass costs
four times as much to make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

__all__ = ["NOTHING", "Call", "Draft", "Message", "Transcript", "Unread", "arguments_of", "flat"]

NOTHING: Mapping[str, Any] = MappingProxyType({})
OPEN = 200
"""How many open calls are searched for the one that a reply without an id answers."""
SPEAKERS = frozenset({"system", "user", "assistant", "tool"})
EXTRAS = {"assistant": "tool_calls", "tool": "tool_call_id"}
SILENT = (None, False)
DEPTH = 6
"""How deep a nested message content is followed; anything deeper is written out as JSON."""


class Message(NamedTuple):
    """One message; ``agent`` names the sub-agent that spoke, empty for the main one."""

    number: int
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
    """One use of a tool; ``message`` is the number of the message that made it."""

    number: int
    name: str
    raw: Any
    """The arguments as the source holds them: an object, or its JSON text."""
    message: int
    reply: str | None
    """What came back, or ``None`` where the source holds no reply."""
    failed: bool = False
    id: str = ""
    agent: str = ""
    time: str = ""
    rewound: bool = False

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments as a mapping, parsed on demand: most calls are never looked into."""
        raw = self.raw
        return raw if type(raw) is dict else arguments_of(raw)


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


_said = partial(tuple.__new__, Message)
"""Makes a message from all its fields at half the cost of calling the class."""


class Draft:
    """A transcript in the making: what an importer fills while it reads."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._calls: list[tuple[str, Any, int, str, str, str, bool]] = []
        self._answers: dict[str, tuple[str, bool]] = {}
        self._aliases: dict[str, str] = {}
        self._asked = 0
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
        key = id or f"#{len(self._calls)}"
        if key in self._answers:  # some providers count their calls anew every turn
            key = self._aliases[id] = f"{id}#{len(self._calls)}"
        self._calls.append((name, arguments, at if at > 0 else 0, key, agent, time, rewound))
        return key

    def open_call(self, name: str, arguments: Any) -> str:
        """Return the id of the oldest unanswered call of ``name`` with these arguments."""
        self._oldest_open()
        for call in islice(self._calls, self._asked, self._asked + OPEN):
            known = call[1] if type(call[1]) is dict else arguments_of(call[1])
            if call[3] not in self._answers and call[0] == name and known == arguments:
                return call[3]
        return ""

    def has_call(self, id: str) -> bool:
        """Whether a call has this id."""
        return any(call[3] == id for call in islice(reversed(self._calls), OPEN))

    def chat(self, messages: Iterable[Any], add: Callable[[Draft, Any], None]) -> None:
        """Add chat messages: the usual shapes here, in one loop, and all others through ``add``."""
        said, answers = self.messages, self._answers
        for message in messages:
            role, content, size = message.get("role"), message.get("content"), len(message)
            if type(content) is not str or size > 3 or role not in SPEAKERS:
                add(self, message)
                continue
            extra = None if size == 2 else message.get(EXTRAS.get(role, ""))
            if size == 2 or type(extra) is list:
                said.append(_said((len(said), role, content, "", "", "", "", False)))
                if extra is not None:
                    self._chat_calls(extra)
            elif type(extra) is str and not self._aliases:
                said.append(_said((len(said), role, content, "", "", "", "", False)))
                answers.setdefault(extra, (content, False))
            else:
                add(self, message)

    def _chat_calls(self, calls: list[Any]) -> None:
        at = len(self.messages) - 1
        for called in calls:
            function, id = called.get("function"), called.get("id")
            if type(function) is dict and id and id not in self._answers:
                name, raw = function.get("name") or "", function.get("arguments")
                self._calls.append((name, raw, at, id, "", "", False))
            else:
                inner = function if type(function) is dict else called
                raw = inner.get("arguments", inner.get("args", inner.get("input")))
                self.call(str(inner.get("name") or function or ""), raw, str(id or ""))

    def reply(self, id: str, text: str, failed: bool = False) -> None:
        """Give the reply to the call ``id``; without one, to the oldest call that has none."""
        if self._aliases:
            id = self._aliases.get(id, id)
        self._answers.setdefault(id or self._oldest_open(), (text, failed))

    def _oldest_open(self) -> str:
        while self._asked < len(self._calls):
            id = self._calls[self._asked][3]
            if id not in self._answers:
                return id
            self._asked += 1
        return ""

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
        answer, new = self._answers.get, tuple.__new__
        return tuple(
            [
                new(Call, (n, name, raw, message, *answer(id, SILENT), id, agent, time, rewound))
                for n, (name, raw, message, id, agent, time, rewound) in enumerate(self._calls)
            ]
        )

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
