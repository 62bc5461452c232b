"""Claude Code sessions: one JSONL file a session, a tree of records, side chains for sub-agents; or its print.

A user who takes the conversation back starts another branch at an earlier record. The branch that the file ends
on is the conversation; the others are kept and marked as rewound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.dialects import add_message
from peerpact.audit.importer import session_importer
from peerpact.audit.transcript import Draft, Transcript

__all__ = ["IMPORTER"]

SPOKEN = {"user", "assistant"}
PRINTED = {"system", "user", "assistant", "result"}
"""The records that ``--output-format stream-json`` prints."""
OTHER = {"system", "summary", "progress", "file-history-snapshot", "queue-operation"}


def matches(value: Any) -> bool:
    """Whether ``value`` is a record of a session, or a session exported from the web."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("loglines"), list):
        return True
    kind = value.get("type")
    if "session_id" in value and kind in PRINTED and ("message" in value or "subtype" in value):
        return True
    return ("sessionId" in value and ("uuid" in value or kind in OTHER)) or (
        kind == "summary" and "leafUuid" in value
    )


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read one session."""
    if len(records) == 1 and "loglines" in records[0]:
        records = records[0]["loglines"]
    spoken = [r for r in records if isinstance(r, dict) and r.get("type") in SPOKEN]
    rewound = _rewound(spoken)
    draft = Draft()
    for record in spoken:
        _add(draft, record, record.get("uuid") in rewound)
    if any(isinstance(r, dict) and r.get("is_error") is True for r in records):
        draft.status = draft.status or "failed"
    named = (r.get("sessionId") or r.get("session_id") for r in spoken)
    id = next((str(name) for name in named if name), where)
    sides = {m.agent for m in draft.messages if m.agent}
    if len(sides) == 1 and all(m.agent for m in draft.messages):
        draft.notes.append("a sub-agent's session")
        id = f"{id}/{next(iter(sides))}"
    yield draft.finish(id, where, "claude_code")


def _add(draft: Draft, record: Mapping[str, Any], rewound: bool) -> None:
    message = record.get("message")
    if not isinstance(message, Mapping):
        return
    agent = ""
    if record.get("isSidechain"):
        agent = str(record.get("agentId") or "side chain")
    elif record.get("parent_tool_use_id"):
        agent = "side chain"
    if record.get("isApiErrorMessage"):
        draft.status = "failed"
    message = {**message, "timestamp": record.get("timestamp") or ""}
    add_message(draft, message, agent, rewound)
    if message.get("stop_reason") == "refusal":
        draft.status = "refused"


def _rewound(spoken: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the records on branches that the user left."""
    children: dict[str, list[dict[str, Any]]] = {}
    for record in spoken:
        if not record.get("isSidechain"):
            children.setdefault(str(record.get("parentUuid")), []).append(record)
    left: list[dict[str, Any]] = []
    for parent, found in children.items():
        prompts = [record for record in found if _typed_by_person(record)]
        if parent != "None" and len(prompts) > 1:
            left += [record for record in found if record is not prompts[-1]]
    rewound: set[str] = set()
    while left:
        id = str(left.pop().get("uuid"))
        if id not in rewound:
            rewound.add(id)
            left += children.get(id, [])
    return rewound


def _typed_by_person(record: Mapping[str, Any]) -> bool:
    content = (record.get("message") or {}).get("content")
    if record.get("type") != "user" or record.get("isMeta"):
        return False
    return isinstance(content, str) or not any(
        isinstance(part, Mapping) and part.get("type") == "tool_result" for part in content or ()
    )


IMPORTER = session_importer("claude_code", "Claude Code sessions", matches, transcripts, 20)
