"""Putting one conversation together from requests that each repeat its history.

A request seldom repeats an answer as it was given: it may lack the reasoning, stand in several messages, or have
other empty parts. So messages are compared by what was said, called and returned in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from peerpact.audit.dialects import add_message, as_message
from peerpact.audit.talk import written
from peerpact.audit.transcript import Draft, arguments_of

__all__ = ["Threads", "sub_agent"]

Piece: TypeAlias = tuple[str, ...]
"""Something said, a call or a reply."""


class Threads:
    """The conversations of the agents in one trace; a message that a request repeats is added once."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        draft.guesses = True
        self._seen: dict[str, list[Piece]] = {}
        self._thought: dict[str, set[str]] = {}
        self._known: dict[str, tuple[tuple[Piece, ...], str]] = {}

    def add(
        self, messages: Iterable[Any], agent: str = "", time: str = "", model: str = ""
    ) -> None:
        """Add what is new in the messages of one request or response of ``agent``.

        Where the messages begin as the agent's conversation so far does, the rest is new; otherwise (a
        response, a compacted history) what was not said before is.
        """
        thread = self._seen.setdefault(agent, [])
        thoughts = self._thought.setdefault(agent, set())
        listed = [
            as_message(one) for one in messages if isinstance(one, Mapping) and not _is_tool(one)
        ]
        held = [self._pieces(message) for message in listed]
        left = _shared(thread, [piece for pieces, _ in held for piece in pieces])
        known = set(thread) if left < len(thread) and len(listed) > 1 else set()
        for message, (pieces, thought) in zip(listed, held, strict=True):
            repeated, left = bool(pieces) and len(pieces) <= left, max(0, left - len(pieces))
            if repeated or _is_known(pieces, thought, thread, known, thoughts):
                continue
            extra = {"timestamp": time} if "timestamp" not in message else {}
            named = {"model": model} if _spoken(message) else {}
            add_message(self._draft, {**message, **extra, **named}, agent)
            thread.extend(pieces)
            thoughts.add(thought)

    def _pieces(self, message: Mapping[str, Any]) -> tuple[tuple[Piece, ...], str]:
        """Return what was said, called and returned in a message, and what was thought."""
        key = written(message)
        if key not in self._known:
            self._known[key] = _taken_apart(message)
        return self._known[key]


def sub_agent(id: str, names: Mapping[str, str], parents: Mapping[str, str]) -> str:
    """Return the sub-agent that a span belongs to: the nearest agent that another agent encloses."""
    found: list[str] = []
    seen: set[str] = set()
    while id in names and id not in seen:
        seen.add(id)
        if names[id] and found[-1:] != [names[id]]:
            found.append(names[id])
        id = parents.get(id, "")
    return found[0] if len(found) > 1 else ""


def _taken_apart(message: Mapping[str, Any]) -> tuple[tuple[Piece, ...], str]:
    draft = Draft()
    add_message(draft, message)
    pieces: list[Piece] = [
        (m.role, m.text.strip()) for m in draft.messages if m.role != "tool" and m.text.strip()
    ]
    pieces += [
        ("call", id, name, written(arguments_of(given), ordered=True))
        for name, given, _, id, *_ in draft.uses
    ]
    pieces += [("tool", id, text) for id, (text, _) in draft.answers.items()]
    return tuple(pieces), "".join(m.reasoning for m in draft.messages)


def _is_tool(message: Mapping[str, Any]) -> bool:
    """Whether a message describes a tool that the model may call: a tracer of LangChain adds them to a request."""
    content = message.get("content")
    return isinstance(content, Mapping) and content.get("type") == "function"


def _shared(thread: list[Piece], pieces: list[Piece]) -> int:
    count = 0
    for old, new in zip(thread, pieces, strict=False):
        if old != new:
            break
        count += 1
    return count


def _is_known(
    pieces: tuple[Piece, ...],
    thought: str,
    thread: list[Piece],
    known: set[Piece],
    thoughts: set[str],
) -> bool:
    """Whether a message that is not where it was the last time was told before."""
    if not pieces:
        return not thought or thought in thoughts
    return known.issuperset(pieces) or tuple(thread[-len(pieces) :]) == pieces


def _spoken(message: Mapping[str, Any]) -> bool:
    return message.get("role") in {"assistant", "model", "ai"} and "model" not in message
