"""Claude Code sessions: one JSONL file a session, a tree of records, side chains for sub-agents; or its print.

A user who takes the conversation back starts another branch at an earlier record. The branch that the file ends
on is the conversation; the others are kept and marked as rewound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from peerpact.audit.dialects import add_message
from peerpact.audit.importer import Item, session_importer
from peerpact.audit.reading import Source
from peerpact.audit.transcript import Draft, Transcript, Unread

__all__ = ["IMPORTER"]

SPOKEN = {"user", "assistant"}
PRINTED = {"system", "user", "assistant", "result"}
"""The records that ``--output-format stream-json`` prints."""
OTHER = {"system", "summary", "progress", "file-history-snapshot", "queue-operation"}
PROGRAM = "<synthetic>"
"""The model that a message bears which the program says in the agent's place."""
BESIDE = "a part of Claude Code's sessions"


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
    records = [r for r in records if isinstance(r, dict)]
    spoken = [r for r in records if r.get("type") in SPOKEN]
    rewound = _rewound(records)
    draft = Draft()
    for record in spoken:
        _add(draft, record, str(record.get("uuid")) in rewound)
    for record in records:
        if record.get("type") == "result":
            _add_result(draft, record)
    if any(r.get("is_error") is True for r in records):
        draft.status = draft.status or "failed"
    named = (r.get("sessionId") or r.get("session_id") for r in records)
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
        agent = str(record["parent_tool_use_id"])
    if record.get("isApiErrorMessage"):
        draft.status = "failed"
    message = {**message, "timestamp": record.get("timestamp") or ""}
    if message.get("model") == PROGRAM:
        message |= {"role": "system", "model": ""}
    add_message(draft, message, agent, rewound)
    if message.get("stop_reason") == "refusal":
        draft.status = "refused"


def _add_result(draft: Draft, record: Mapping[str, Any]) -> None:
    """Take how a printed session ended, and what was said last where nothing else was printed."""
    if record.get("stop_reason") == "refusal":
        draft.status = "refused"
    models = record.get("modelUsage")
    if not draft.messages and isinstance(text := record.get("result"), str):
        model = next(iter(models)) if isinstance(models, Mapping) and len(models) == 1 else ""
        draft.say("system" if record.get("is_error") else "assistant", text, "", "", model)


def _rewound(records: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the records on branches that the user left, and of sub-agents sent from there."""
    children = _branches(records)
    left: list[dict[str, Any]] = []
    for found in children.values():
        prompts = [n for n, record in enumerate(found) if _typed_by_person(record)]
        left += found[: prompts[-1]] if len(prompts) > 1 else []
    rewound: set[str] = set()
    helpers: set[str] = set()
    while left:
        record = left.pop()
        id = str(record.get("uuid"))
        if id not in rewound:
            rewound.add(id)
            helpers |= _sent(record)
            left += children.get(id, [])
    return rewound | {str(r.get("uuid")) for r in records if str(r.get("agentId")) in helpers}


def _branches(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return what was said after each record that was said, or first in a session.

    Hooks, attachments and compacted histories stand between two turns without being one.
    """
    children: dict[str, list[dict[str, Any]]] = {}
    nearest: dict[str, str] = {}
    for record in records:
        if "parentUuid" not in record or record.get("isSidechain"):
            continue
        parent = record["parentUuid"] or record.get("logicalParentUuid")
        above = str(parent) if parent else f"the start of {record.get('sessionId')}"
        above, id = nearest.get(above, above), str(record.get("uuid"))
        said = record.get("type") in SPOKEN
        nearest[id] = id if said else above
        if said:
            children.setdefault(above, []).append(record)
    return children


def _sent(record: Mapping[str, Any]) -> set[str]:
    """Return the sub-agent whose answer a record holds."""
    result = record.get("toolUseResult")
    id = result.get("agentId") if isinstance(result, Mapping) else None
    return {id} if isinstance(id, str) else set()


def _typed_by_person(record: Mapping[str, Any]) -> bool:
    content = (record.get("message") or {}).get("content")
    if record.get("type") != "user" or record.get("isMeta") or record.get("isCompactSummary"):
        return False
    return isinstance(content, str) or not any(
        isinstance(part, Mapping) and part.get("type") == "tool_result" for part in content or ()
    )


_SESSIONS = session_importer("claude_code", "Claude Code sessions", matches, transcripts, 20)


def recognise(source: Source) -> bool:
    """Whether the source is a session, or what is kept beside a sub-agent's."""
    return _is_beside(source) or _SESSIONS.recognise(source)


def _is_beside(source: Source) -> bool:
    known = isinstance(source.value, dict) and "agentType" in source.value
    return known and source.label.endswith(".meta.json")


def read(source: Source) -> Iterator[Item]:
    """Read one session, or pass over what only tells which kind of sub-agent another file is of."""
    if _is_beside(source):
        yield Unread(source.label, BESIDE, apart=True)
    else:
        yield from _SESSIONS.read(source)


IMPORTER = replace(_SESSIONS, recognise=recognise, read=read)
