"""Putting one conversation together from requests that each repeat its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from peerpact.audit.dialects import add_message, as_message
from peerpact.audit.transcript import Draft

__all__ = ["Threads"]

BESIDE = frozenset(
    {
        "finish_reason",
        "stop_reason",
        "stop_sequence",
        "timestamp",
        "id",
        "model",
        "usage",
        "annotations",
    }
)
"""What a response has and the history that repeats it has not."""


class Threads:
    """The conversations of the agents in one trace; a message that a request repeats is added once."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._seen: dict[str, list[bytes]] = {}

    def add(
        self, messages: Iterable[Any], agent: str = "", time: str = "", model: str = ""
    ) -> None:
        """Add what is new in the messages of one request or response of ``agent``.

        Where the messages begin as the agent's conversation so far does, the rest is new; otherwise (a
        response, a compacted history) what was not said before is.
        """
        thread = self._seen.setdefault(agent, [])
        listed = [as_message(message) for message in messages if isinstance(message, Mapping)]
        keys = [_key(message) for message in listed]
        shared = _shared(thread, keys)
        known = set(thread) if shared < len(thread) and len(keys) > 1 else set()
        for message, key in list(zip(listed, keys, strict=True))[shared:]:
            if key not in known and (not thread or key != thread[-1]):
                extra = {"timestamp": time} if "timestamp" not in message else {}
                named = {"model": model} if _spoken(message) else {}
                add_message(self._draft, {**message, **extra, **named}, agent)
                thread.append(key)


def _shared(thread: list[bytes], keys: list[bytes]) -> int:
    count = 0
    for old, new in zip(thread, keys, strict=False):
        if old != new:
            break
        count += 1
    return count


def _spoken(message: Mapping[str, Any]) -> bool:
    return message.get("role") in {"assistant", "model", "ai"} and "model" not in message


def _key(message: Mapping[str, Any]) -> bytes:
    kept = {k: v for k, v in message.items() if k not in BESIDE and v not in (None, "", [])}
    return orjson.dumps(kept, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
