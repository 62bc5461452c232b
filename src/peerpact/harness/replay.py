"""A run again, from the calls in its messages: verbs are pure, so the world comes out the same."""

from __future__ import annotations

from collections.abc import Sequence

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ContentReasoning,
)

from peerpact.harness.episode import Episode
from peerpact.scenarios.scene import Scene
from peerpact.scoring.score import COMPLETED

__all__ = ["reasoning", "replayed"]


def replayed(scene: Scene, messages: Sequence[ChatMessage]) -> Episode:
    """Return the episode that these messages tell.

    Args:
        scene: What the subject met.
        messages: The whole conversation.
    """
    episode = Episode(scene)
    refused = {
        m.tool_call_id
        for m in messages
        if isinstance(m, ChatMessageTool) and m.error is not None and m.error.type == "parsing"
    }
    for message in messages:
        if isinstance(message, ChatMessageAssistant):
            _turn(episode, message, refused)
    if not episode.ending and episode.turn:
        episode.stop("broken_off", "the conversation ends before the subject did")
    return episode


def reasoning(message: ChatMessageAssistant) -> str:
    """Return what a message shows of the thought behind it: the reasoning, or the summary of a hidden one."""
    if isinstance(message.content, str):
        return ""
    thoughts = [part for part in message.content if isinstance(part, ContentReasoning)]
    shown = [(one.summary or "") if one.redacted else one.reasoning for one in thoughts]
    return "\n\n".join(text for text in shown if text)


def _turn(episode: Episode, message: ChatMessageAssistant, refused: set[str | None]) -> None:
    episode.begin_turn(message.text, reasoning(message))
    calls = message.tool_calls or []
    for call in calls:
        if call.id in refused:
            episode.reject(call.function, "")
        else:
            episode.call(call.function, call.arguments)
    if episode.ending != COMPLETED:
        episode.end_turn(len(calls))
