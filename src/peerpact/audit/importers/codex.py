"""Codex CLI rollouts: lines of ``{timestamp, type, payload}``; older ones hold the bare items.

A roll-back takes back the last turns of the user; they are kept and marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.dialects import add_item
from peerpact.audit.importer import session_importer
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
TYPES = {"session_meta", "turn_context", "response_item", "event_msg", "compacted"}


def matches(value: Any) -> bool:
    """Whether ``value`` is a line of a rollout."""
    if not isinstance(value, dict):
        return False
    if value.get("type") in TYPES and isinstance(value.get("payload"), dict):
        return True
    return {"id", "timestamp", "instructions"} <= set(value) and "messages" not in value


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read one rollout."""
    draft, id, agent = Draft(), "", ""
    taken_back = _taken_back(records)
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
            add_item(draft, _unheaded(payload), time, position in taken_back, agent)
        elif kind == "event_msg":
            _add_event(draft, payload)
    yield draft.finish(id or where, where, "codex")


def _opened(record: Any) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(record, dict):
        return "", {}
    payload = record.get("payload")
    if isinstance(payload, dict):
        return str(record.get("type")), payload
    return ("session_meta" if "instructions" in record else "response_item"), record


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
    for key in ("base_instructions", "instructions"):
        if text := flat(payload.get(key)):
            draft.say("system", text, "", agent)


def _add_event(draft: Draft, payload: Mapping[str, Any]) -> None:
    kind = payload.get("type")
    if kind == "exec_command_end":
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


IMPORTER = session_importer("codex", "Codex CLI sessions", matches, transcripts, 22)
