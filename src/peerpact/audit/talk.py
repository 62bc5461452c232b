"""What was said and done in one run: messages and calls, built only when somebody looks at them.

Most runs of a large audit concern no detector. Messages and calls are named tuples because a frozen dataclass
costs four times as much to make.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias

import orjson

__all__ = ["NOTHING", "Call", "Message", "Talk", "Turn", "Use", "arguments_of", "flat", "written"]

NOTHING: Mapping[str, Any] = MappingProxyType({})
SILENT = (None, False)
DEPTH = 6
"""How deep a nested message content is followed; anything deeper is written out as JSON."""
TOLD = ("system", "user")


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


Use: TypeAlias = tuple[str, Any, int, str, str, str, bool]
"""A call without its reply: name, arguments, message, id, agent, time, whether it was rewound."""


class Turn(Protocol):
    """A message as a chat of the usual shape holds it."""

    @property
    def role(self) -> str:
        """One of system, user, assistant, tool."""

    @property
    def content(self) -> str | None:
        """Its text, if it has any."""


class Talk:
    """One conversation."""

    def __init__(self) -> None:
        self.prompts: list[tuple[int, str, str]] = []
        """What people and operators told the agent, in order: number, role and text of the message."""
        self.own: list[tuple[int, str]] = []
        """What the agent said, with the numbers of the messages."""
        self.heard: list[str] = []
        """What came back from tools, in order."""
        self.uses: list[Use] = []
        """Its calls, in order."""
        self.answers: dict[str, tuple[str, bool]] = {}
        """The reply to each call, by its id, and whether the call failed."""
        self.size = 0
        """How many messages there are."""
        self.turns: Sequence[Turn] = ()
        """The messages of a chat of the usual shape, of which nothing else is built before somebody looks."""
        self._messages: tuple[Message, ...] | None = None
        self._calls: tuple[Call, ...] | None = None

    @classmethod
    def of(
        cls, messages: Sequence[Message], uses: list[Use], answers: dict[str, tuple[str, bool]]
    ) -> Talk:
        """Return the talk that these messages and calls are."""
        made = cls()
        made._messages, made.uses, made.answers = tuple(messages), uses, answers
        made.size = len(messages)
        made.prompts = [(m.number, m.role, m.text) for m in messages if m.role in TOLD]
        made.own = [(m.number, m.text) for m in messages if m.role == "assistant" and m.text]
        made.heard = [m.text for m in messages if m.role == "tool"]
        return made

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message."""
        if self._messages is None:
            self._messages = tuple(map(self.message, range(self.size)))
        return self._messages

    def message(self, number: int) -> Message:
        """Return the message of this number."""
        if self._messages is not None:
            return self._messages[number]
        turn = self.turns[number]
        return Message(number, turn.role, turn.content or "")

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call, with its reply."""
        if self._calls is None:
            self._calls = tuple(map(self.call, range(len(self.uses))))
        return self._calls

    def call(self, number: int, parsed: bool = False) -> Call:
        """Return the call of this number; ``parsed`` if its arguments will be read more than once."""
        name, raw, message, id, agent, time, rewound = self.uses[number]
        if parsed and type(raw) is not dict:
            raw = arguments_of(raw)
        reply, failed = self.answers.get(id, SILENT)
        return Call(number, name, raw, message, reply, failed, id, agent, time, rewound)


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
    return written(content)


def written(value: Any, ordered: bool = False) -> str:
    """Return a value as JSON, whatever the size of its numbers and however deep it is; ``ordered`` by its keys."""
    option = orjson.OPT_NON_STR_KEYS | (orjson.OPT_SORT_KEYS if ordered else 0)
    try:
        return orjson.dumps(value, default=str, option=option).decode()
    except TypeError:
        pass
    try:
        return json.dumps(value, default=str, ensure_ascii=False, sort_keys=ordered)
    except (TypeError, ValueError, RecursionError):
        return f"[{type(value).__name__} that cannot be written out]"


def _part(part: Mapping[str, Any], depth: int) -> str:
    for key in ("text", "content", "output", "value", "result"):
        if key in part:
            return flat(part[key], depth + 1)
    if part.get("type") in {"image", "image_url", "input_image", "audio", "blob", "file", "media"}:
        return f"[{part['type']}]"
    return written(part) if part else ""
