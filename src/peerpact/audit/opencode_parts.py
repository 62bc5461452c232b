"""A session of OpenCode as a transcript, whether its messages and parts were in a database, an export or files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from peerpact.audit.transcript import Draft, Transcript, flat

__all__ = ["Session"]

SILENT = frozenset({"agent", "compaction", "retry", "snapshot", "step-finish", "step-start"})
"""Parts in which nobody says or does anything."""
ENDED = frozenset({"completed", "error"})


class Session:
    """One session while it is read; ``info`` is what OpenCode keeps of it beside its messages."""

    def __init__(self, info: Mapping[str, Any], notes: Iterable[str] = ()) -> None:
        self.draft = Draft()
        self.draft.notes.extend(notes)
        parent = info.get("parentID")
        if parent:
            self.draft.notes.append(f"a sub-agent's session, of {parent}")
        self.draft.facts["title"] = str(info.get("title") or "")
        self._id = str(info.get("id") or "")
        self._agent = "sub-agent" if parent else ""
        self._told = ""
        revert = info.get("revert")
        self._revert = revert if isinstance(revert, Mapping) else {}
        self._rewound = False

    def add(
        self,
        message: Mapping[str, Any],
        parts: Iterable[Mapping[str, Any]],
        removed: bool = False,
    ) -> None:
        """Add a message; from the one that the user took the session back to, all are rewound.

        A message that was ``removed`` was taken back, too, before the session went on.
        """
        before, self._rewound = self._rewound, self._rewound or removed
        self._add(message, parts)
        if removed:
            self._rewound = before

    def _add(self, message: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]) -> None:
        draft = self.draft
        draft.agent = str(message.get("modelID") or draft.agent)
        if message.get("error"):
            draft.status = "failed"
        self._rewound |= self._is_end("messageID", message) and not self._revert.get("partID")
        system = flat(message.get("system"))
        if system and system != self._told:
            draft.say("system", system, "", self._agent, rewound=self._rewound)
            self._told = system
        for part in parts:
            self._rewound |= self._is_end("partID", part)
            self._add_part(message, part)

    def _is_end(self, key: str, one: Mapping[str, Any]) -> bool:
        return bool(one.get("id")) and self._revert.get(key) == one.get("id")

    def finish(self, source: str) -> Transcript:
        """Return the transcript."""
        return self.draft.finish(self._id or source, source, "opencode")

    def _say(self, message: Mapping[str, Any], text: str, thought: str = "") -> None:
        role = "assistant" if message.get("role") == "assistant" else "user"
        model, time = str(message.get("modelID") or ""), _time(message, "created")
        self.draft.say(role, text, thought, self._agent, model, time, self._rewound)

    def _add_part(self, message: Mapping[str, Any], part: Mapping[str, Any]) -> None:
        kind = part.get("type")
        if kind == "text":
            self._say(message, flat(part.get("text")))
        elif kind == "reasoning":
            self._say(message, "", flat(part.get("text")))
        elif kind == "tool":
            self._say({**message, "role": "assistant"}, "")
            self._add_tool(part)
        elif kind in {"subtask", "patch"}:
            self._say(message, flat(part.get("prompt") or part.get("files")))
        elif kind == "file":
            self._say(message, f"[file {part.get('filename') or part.get('mime') or ''}]")
        elif kind not in SILENT:
            self.draft.note(f"parts of a kind that is not known were left out: {kind}")

    def _add_tool(self, part: Mapping[str, Any]) -> None:
        state = part.get("state") or {}
        given = str(part.get("callID") or "")
        name, arguments = str(part.get("tool")), state.get("input")
        time = _time(state, "start")
        id = self.draft.call(name, arguments, given, self._agent, time, self._rewound)
        if state.get("status") in ENDED:
            text = flat(state.get("output") or state.get("error"))
            exit = (state.get("metadata") or {}).get("exit")
            time = _time(state, "end")
            self.draft.say("tool", text, "", self._agent, "", time, self._rewound)
            self.draft.reply(id, text, state["status"] == "error" or exit not in {None, 0})


def _time(one: Mapping[str, Any], which: str) -> str:
    """Return a time that is kept as milliseconds; nothing where there is none."""
    times = one.get("time")
    milliseconds = times.get(which) if isinstance(times, Mapping) else None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat() if milliseconds else ""
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
