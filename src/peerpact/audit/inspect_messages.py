"""Inspect's messages and events as a transcript; they are read by their fields, so Inspect is not imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peerpact.audit.settings import add_facts
from peerpact.audit.transcript import Draft

__all__ = ["drafted", "know"]


def drafted(messages: Sequence[Any], events: Sequence[Any] = ()) -> Draft:
    """Return a draft that holds a conversation, with what sub-agents said in its events."""
    draft = Draft()
    known: set[str] = set()
    for message in messages:
        _add(draft, message, "")
        known.add(message.id or "")
    _add_agents(draft, events, known)
    return draft


def know(draft: Draft, metadata: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Take the facts that a sample's metadata (one level deep) and a task's arguments hold."""
    nested = [value for value in metadata.values() if isinstance(value, Mapping)]
    for part in (metadata, *nested, arguments):
        add_facts(draft, {key: value for key, value in part.items() if key != "model"})


def _add(draft: Draft, message: Any, agent: str) -> None:
    content = message.content
    reasoning = ""
    if not isinstance(content, str):
        reasoning = "\n".join(c.reasoning for c in content if c.type == "reasoning")
        content = "\n".join(c.text for c in content if c.type == "text")
    draft.say(message.role, content, reasoning, agent, str(getattr(message, "model", None) or ""))
    for call in getattr(message, "tool_calls", None) or ():
        draft.call(call.function, call.arguments, call.id, agent)
    if message.role == "tool":
        draft.reply(message.tool_call_id or "", content, message.error is not None)


def _add_agents(draft: Draft, events: Sequence[Any], known: set[str]) -> None:
    """Add what sub-agents said: model events whose answer the main conversation lacks."""
    spans: dict[str, tuple[str, str]] = {}
    for event in events:
        if event.event == "span_begin":
            parent = spans.get(event.parent_id or "", ("", ""))
            inner = {"agent": ("agent", event.name), "scorer": ("scorer", event.name)}
            spans[event.id] = inner.get(event.type or "", parent)
        elif event.event == "model" and event.output and event.output.choices:
            kind, name = spans.get(event.span_id or "", ("", ""))
            if kind == "agent":
                _add_turn(draft, event, name, known)


def _add_turn(draft: Draft, event: Any, agent: str, known: set[str]) -> None:
    answer = event.output.choices[0].message
    if answer.id in known:
        return
    for message in (*event.input, answer):
        if message.id not in known:
            known.add(message.id)
            _add(draft, message, agent)
