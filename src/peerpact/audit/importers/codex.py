"""Codex CLI rollouts: lines of ``{timestamp, type, payload}``; older ones hold the bare items.

Turns that the user takes back are kept and marked. Older versions say so by a roll-back in the same file; newer
ones go on in a file of their own, which tells up to where the earlier one still holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import orjson

from peerpact.audit.codex_steps import add_step
from peerpact.audit.dialects import add_item
from peerpact.audit.importer import Item, gathered, guarded, session_importer
from peerpact.audit.reading import LIMITS, Source
from peerpact.audit.replies import told
from peerpact.audit.settings import number
from peerpact.audit.transcript import Draft, Transcript, flat

__all__ = ["IMPORTER"]

HEADED = re.compile(
    r"(?:(?:Exit code: |Process exited with code )(?P<code>-?\d+)\n|"
    r"(?:Chunk ID|Wall time|Total output lines|Original token count): .*\n)+Output:\n"
)
"""What a newer Codex writes above what a command printed."""
ADDED = re.compile(r"\s*(?:<(\w+)>.*</\1>\s*$|# AGENTS\.md instructions\b)", re.DOTALL)
"""What Codex itself says in the user's place: where it runs, what a folder asks for, what a sub-agent did."""
SEALED = "encrypted_content"
REVISED = "rollout-*_*.jsonl"
"""The files in which a thread goes on after the user took turns back."""
TYPES = {"session_meta", "turn_context", "response_item", "event_msg", "compacted"}


def matches(value: Any) -> bool:
    """Whether ``value`` is a line of a rollout."""
    if not isinstance(value, dict):
        return False
    if value.get("type") in TYPES and isinstance(value.get("payload"), dict):
        return True
    return {"id", "timestamp", "instructions"} <= set(value) and "messages" not in value


def transcripts(records: list[Any], where: str, end: float = float("inf")) -> Iterator[Transcript]:
    """Read one rollout; what its lines say from the number ``end`` on, a later file has taken back."""
    draft, id, agent = Draft(), "", ""
    taken_back = _taken_back(records) | {n for n, one in enumerate(records) if _ordinal(one) >= end}
    for position, record in enumerate(records):
        kind, payload = _opened(record)
        if kind == "session_meta":
            agent = agent if id else _sub_agent(payload)
            id = id or str(payload.get("id") or "")
            _add_meta(draft, payload, agent)
        elif kind == "turn_context":
            draft.agent = str(payload.get("model") or draft.agent)
        elif kind == "response_item":
            time = str(record.get("timestamp") or "")
            add_item(draft, _plain(payload), time, position in taken_back, agent)
        elif kind == "event_msg":
            time = str(record.get("timestamp") or "")
            _add_event(draft, payload, time, position in taken_back, agent)
    yield draft.finish(id or where, where, "codex")


def _opened(record: Any) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(record, dict):
        return "", {}
    payload = record.get("payload")
    if isinstance(payload, dict):
        return str(record.get("type")), payload
    return ("session_meta" if "instructions" in record else "response_item"), record


def _plain(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item as the Responses API has it: what another agent says is a message of its user."""
    if item.get("type") != "agent_message":
        return _unheaded(item)
    content = [part for part in item.get("content") or () if part.get("type") != SEALED]
    return {"type": "message", "role": "user", "content": content}


def _unheaded(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item with what a command printed, without the exit code that Codex records around it."""
    if not str(item.get("type")).endswith("_output"):
        return item
    output = item.get("output")
    if isinstance(output, str) and (head := HEADED.match(output)):
        text, failed = output[head.end() :], head["code"] not in {None, "0"}
    else:
        text, failed = told(output)
    return {**item, "output": text, "status": "failed" if failed else item.get("status")}


def _sub_agent(payload: Mapping[str, Any]) -> str:
    source = payload.get("source")
    return "sub-agent" if isinstance(source, dict) and "subagent" in source else ""


def _add_meta(draft: Draft, payload: Mapping[str, Any], agent: str) -> None:
    if agent:
        draft.note("a sub-agent's session; it may begin with its parent's history")
    if base := _base(payload):
        draft.note(f"it goes on from an earlier file, of thread {base['thread_id']}")
    for key in ("base_instructions", "instructions"):
        if text := flat(payload.get(key)):
            draft.say("system", text, "", agent)


def _add_event(
    draft: Draft, payload: Mapping[str, Any], time: str, rewound: bool, agent: str
) -> None:
    kind, step = payload.get("type"), payload.get("item")
    if kind == "item_completed" and isinstance(step, dict):
        if not draft.has_call(str(step.get("id"))):
            add_step(draft, step, time, rewound, agent)
    elif kind == "exec_command_end":
        text = str(payload.get("aggregated_output") or payload.get("stdout") or "")
        draft.reply(
            str(payload.get("call_id") or ""), text, payload.get("exit_code") not in {0, None}
        )
    elif kind == "error":
        draft.status = "failed"


def _taken_back(records: list[Any]) -> set[int]:
    """Return the positions of the lines whose turns the user rolled back."""
    taken: set[int] = set()
    starts: list[int] = []
    for position, record in enumerate(records):
        kind, payload = _opened(record)
        if kind == "response_item" and _is_turn(payload):
            starts.append(position)
        elif payload.get("type") == "thread_rolled_back" and starts:
            turns = int(max(1, min(number(payload.get("num_turns")) or 1, len(starts))))
            taken.update(range(starts[-turns], position))
            del starts[-turns:]
    return taken


def _is_turn(item: Mapping[str, Any]) -> bool:
    return item.get("role") == "user" and not ADDED.match(flat(item.get("content")))


def _ordinal(record: Any) -> float:
    return number(record.get("ordinal")) or 0 if isinstance(record, dict) else 0


def _base(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a file says of the one that it goes on from: its thread, and where that ends."""
    base = meta.get("history_base")
    return base if isinstance(base, dict) and base.get("thread_id") else {}


def _end(source: Source, records: list[Any]) -> float:
    """Return the number from which later files of the same thread have taken back what this one says."""
    thread = next(
        (str(meta.get("id")) for kind, meta in map(_opened, records) if kind == "session_meta"), ""
    )
    ends = [
        end
        for name, known, end in _revised(_root(source.path))
        if known == thread and name > source.path.name
    ]
    return min(ends, default=float("inf"))


def _root(path: Path) -> Path:
    """Return the folder that holds the days' folders, or the one that the file is in."""
    return next(folder for folder in path.absolute().parents if not folder.name.isdigit())


@lru_cache(maxsize=8)
def _revised(root: Path) -> tuple[tuple[str, str, float], ...]:
    """Return the files that go on from an earlier one of their thread: name, thread, where that one ends."""
    found: list[tuple[str, str, float]] = []
    for path in (*root.glob(REVISED), *root.glob(f"[0-9]*/[0-9]*/[0-9]*/{REVISED}")):
        meta = _first(path)
        base, end = _base(meta), number(_base(meta).get("end_ordinal_exclusive"))
        if end is not None and base["thread_id"] == meta.get("id"):
            found.append((path.name, str(meta["id"]), end))
    return tuple(found)


def _first(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as lines:
            return _opened(orjson.loads(lines.readline(LIMITS.line)))[1]
    except (OSError, orjson.JSONDecodeError):
        return {}


_ROLLOUTS = session_importer("codex", "Codex CLI sessions", matches, transcripts, 22)


def read(source: Source) -> Iterator[Item]:
    """Read one rollout, with what the files beside it say of its turns."""
    held, bad = gathered(source)
    yield from bad
    if held:
        yield from guarded(partial(transcripts, end=_end(source, held)), held, source.label)


IMPORTER = replace(_ROLLOUTS, read=read)
