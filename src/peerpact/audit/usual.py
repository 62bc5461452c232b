"""Chats of the usual shape: most logs hold nothing else, and most runs concern no detector.

The classes below say what is usual. A line of JSON is held against them while it is parsed, which takes no longer
than parsing alone; what is not usual is read the long way.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from msgspec import Meta, MsgspecError, Raw, Struct, ValidationError, convert
from msgspec.json import Decoder

from peerpact.audit.talk import Talk

__all__ = ["Chat", "chat", "skimmed", "sorted_by_speaker"]

Id: TypeAlias = Annotated[str, Meta(min_length=1)]


class _Function(Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class _Call(Struct, gc=False):
    id: Id
    function: _Function


class _Turn(Struct, tag_field="role", forbid_unknown_fields=True, gc=False):
    @property
    def role(self) -> str:
        """Who speaks."""
        return str(self.__struct_config__.tag)


class _System(_Turn, tag="system"):
    content: str


class _User(_Turn, tag="user"):
    content: str


class _Spoken(_Turn, tag="assistant"):
    content: str | None
    tool_calls: list[_Call] = []


class _Heard(_Turn, tag="tool"):
    tool_call_id: Id
    content: str
    name: str = ""


Turns: TypeAlias = list[_System | _User | _Spoken | _Heard]


class Chat(Struct, forbid_unknown_fields=True, gc=False):
    """A line of a file of chats; one that says more of its run is not usual."""

    messages: Turns
    id: str = ""
    model: str = ""
    metadata: dict[str, Any] = {}
    tools: Raw = Raw()


_read = Decoder(Chat).decode


def chat(line: bytes) -> Chat | None:
    """Return the chat that a line of JSON holds, if it has the usual shape."""
    try:
        return _read(line)
    except (MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def skimmed(messages: Any) -> Talk | None:
    """Return the talk of a chat whose messages all have the usual shape, or ``None``."""
    try:
        return sorted_by_speaker(convert(messages, Turns))
    except (ValidationError, RecursionError):
        return None


def sorted_by_speaker(turns: Turns) -> Talk | None:
    """Return the talk of these messages; ``None`` where one is hollow, or a call has the id of an answered one."""
    talk = Talk()
    talk.turns, talk.size = turns, len(turns)
    for number, turn in enumerate(turns):
        if type(turn) is _Heard:
            talk.heard.append(turn.content)
            talk.answers.setdefault(turn.tool_call_id, (turn.content, False))
        elif type(turn) is _Spoken:
            if turn.content:
                talk.own.append((number, turn.content))
            elif turn.content is None and not turn.tool_calls:
                return None
            if turn.tool_calls and not _asked(talk, number, turn.tool_calls):
                return None
        else:
            talk.prompts.append((number, turn.role, turn.content or ""))
    return talk


def _asked(talk: Talk, number: int, calls: list[_Call]) -> bool:
    """Add the calls of a message; say whether their ids are new."""
    for call in calls:
        if call.id in talk.answers:
            return False
        does = call.function
        talk.uses.append((does.name or "", does.arguments, number, call.id, "", "", False))
    return True
