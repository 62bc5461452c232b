"""Gemini CLI sessions: one JSON record, or lines that append messages, set fields and rewind.

A rewind takes the conversation back to before a message; what it drops is kept and marked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from peerpact.audit.dialects import role_of
from peerpact.audit.importer import session_importer
from peerpact.audit.replies import told
from peerpact.audit.transcript import Draft, Transcript, flat

__all__ = ["IMPORTER"]

BROKE = re.compile(r"^Exit Code: (?!0$)-?\d+$", re.MULTILINE)
"""What is written below what a command printed that ended badly."""
MARKED = re.compile(r"<untrusted_context>\n(.*)\n</untrusted_context>", re.DOTALL)
"""How text is marked that comes from outside."""
RESULT = "functionResponse"
USED = {"functionCall", RESULT}
"""Parts that repeat a call and its result."""
KINDS = {"user", "gemini", "info", "error", "warning"}


def matches(value: Any) -> bool:
    """Whether ``value`` is a session, or the first line of one."""
    return (
        isinstance(value, dict)
        and "sessionId" in value
        and ("projectHash" in value or "startTime" in value)
    )


@dataclass(slots=True)
class _Session:
    header: dict[str, Any] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id, in order; a message that is appended again replaces itself."""
    rewound: set[str] = field(default_factory=set)

    def take(self, record: Mapping[str, Any]) -> None:
        if "$rewindTo" in record:
            self._rewind(str(record["$rewindTo"]))
        elif "$set" in record:
            self.set(record["$set"] if isinstance(record["$set"], Mapping) else {})
        elif record.get("type") in KINDS:
            self._append(record)
        else:
            self.set(record)

    def set(self, fields: Mapping[str, Any]) -> None:
        self.header.update((key, fields[key]) for key in fields if key != "messages")
        for message in fields.get("messages") or ():
            self._append(message)

    def _append(self, message: Mapping[str, Any]) -> None:
        key = str(message.get("id") or f"#{len(self.messages)}")
        if key in self.rewound:
            key = f"{key}#{len(self.messages)}"
        self.messages[key] = {**self.messages.get(key, {}), **message}

    def _rewind(self, id: str) -> None:
        """Mark the message and all after it; an unknown message takes everything back."""
        kept = list(self.messages)
        self.rewound.update(kept[kept.index(id) if id in kept else 0 :])


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read one session."""
    session = _Session()
    for record in records:
        session.take(record)
    draft = Draft()
    agent = "sub-agent" if session.header.get("kind") == "subagent" else ""
    if agent:
        draft.notes.append("a sub-agent's session")
    told = {str(call.get("id")) for call in _calls(session.messages.values()) if _has_result(call)}
    for id, message in session.messages.items():
        _add(draft, message, agent, id in session.rewound, told)
    yield draft.finish(str(session.header.get("sessionId") or where), where, "gemini_cli")


def _calls(messages: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (call for message in messages for call in message.get("toolCalls") or ())


def _has_result(call: Mapping[str, Any]) -> bool:
    return call.get("result") is not None or call.get("resultDisplay") is not None


def _add(
    draft: Draft, message: Mapping[str, Any], agent: str, rewound: bool, told: Collection[str]
) -> None:
    """Add a message; what the model is sent of a call's result is left out where the call has it."""
    kind, time = message.get("type"), str(message.get("timestamp") or "")
    if kind == "error":
        draft.status = "failed"
    if kind not in {"user", "gemini"}:
        return
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    spoken = [p for p in parts if not (isinstance(p, Mapping) and USED.intersection(p))]
    answers = [p[RESULT] for p in parts if isinstance(p, Mapping) and RESULT in p]
    if spoken or not answers:
        thoughts = [
            flat(t.get("description") or t.get("subject")) for t in message.get("thoughts") or ()
        ]
        model = str(message.get("model") or "")
        draft.say(role_of(kind), flat(spoken), "\n".join(thoughts), agent, model, time, rewound)
    _add_calls(draft, message.get("toolCalls") or (), agent, rewound)
    for answer in answers:
        if str(answer.get("id")) not in told:
            text, failed = _opened(answer.get("response"))
            draft.say("tool", text, "", agent, "", time, rewound)
            draft.reply(str(answer.get("id") or ""), text, failed)


def _add_calls(draft: Draft, calls: Iterable[Any], agent: str, rewound: bool) -> None:
    made = [(call, _made(draft, call, agent, rewound)) for call in calls]
    for call, id in made:
        if _has_result(call):
            time = str(call.get("timestamp") or "")
            text, failed = _result(call)
            draft.say("tool", text, "", agent, "", time, rewound)
            draft.reply(id, text, failed or call.get("status") in {"error", "cancelled"})


def _made(draft: Draft, call: Mapping[str, Any], agent: str, rewound: bool) -> str:
    given, time = str(call.get("id") or ""), str(call.get("timestamp") or "")
    return draft.call(str(call.get("name")), call.get("args"), given, agent, time, rewound)


def _result(call: Mapping[str, Any]) -> tuple[str, bool]:
    found = []
    result = call.get("result")
    for part in result if isinstance(result, list) else [result]:
        answer = part.get("functionResponse") if isinstance(part, Mapping) else None
        found.append(_opened(answer.get("response") if isinstance(answer, Mapping) else part))
    text = "\n".join(filter(None, (text for text, _ in found))) or flat(call.get("resultDisplay"))
    printed = call.get("name") == "run_shell_command" and BROKE.search(text) is not None
    return text, printed or any(failed for _, failed in found)


def _opened(response: Any) -> tuple[str, bool]:
    text, failed = told(response)
    marked = MARKED.fullmatch(text)
    return marked[1] if marked else text, failed


IMPORTER = session_importer("gemini_cli", "Gemini CLI sessions", matches, transcripts, 21)
