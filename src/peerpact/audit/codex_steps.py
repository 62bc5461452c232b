"""What Codex did in one step, as calls: a command, a change of files, a tool of a server, a word to another agent.

It prints these steps, and keeps them beside the model's own calls; only they tell what a program did that the
model wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from peerpact.audit.replies import told
from peerpact.audit.transcript import Draft

__all__ = ["add_step"]

Step: TypeAlias = Mapping[str, Any]
Asked: TypeAlias = tuple[str, Any]
"""The name of a tool and the arguments."""

_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")
TYPED = "user_shell"
"""Where a command comes from that a person typed."""


def add_step(
    draft: Draft, step: Step, time: str = "", rewound: bool = False, agent: str = ""
) -> None:
    """Add a step that the agent took."""
    kind = _CAPITAL.sub(r"_\1", str(step.get("type") or step.get("item_type"))).lower()
    asked, id = _ASKED.get(kind), str(step.get("id") or "")
    if asked is None or step.get("source") == TYPED:
        return
    text, failed = _reply(step)
    for name, arguments in asked(step):
        draft.say("assistant", "", "", agent, "", time, rewound)
        key = draft.call(name, arguments, id, agent, time, rewound)
        draft.say("tool", text, "", agent, "", time, rewound)
        draft.reply(key, text, failed)
        id = ""


def _command(step: Step) -> Iterator[Asked]:
    yield "shell", {"command": step.get("command")}


def _change(step: Step) -> Iterator[Asked]:
    changes = step.get("changes") or ()
    if isinstance(changes, Mapping):  # a session tells what changed, what is printed only where
        changes = [{**change, "path": path} for path, change in changes.items()]
    for change in changes:
        kind = change.get("kind") or change.get("type")
        held = {key: change[key] for key in ("content", "move_path") if change.get(key)}
        diff = {"diff": change["unified_diff"]} if change.get("unified_diff") else {}
        yield f"{kind}_file", {"path": change.get("path"), **held, **diff}


def _server(step: Step) -> Iterator[Asked]:
    yield f"{step.get('server')}__{step.get('tool')}", step.get("arguments")


def _agents(step: Step) -> Iterator[Asked]:
    told = {"to": step.get("receiver_thread_ids"), "message": step.get("prompt")}
    yield str(step.get("tool")), {key: value for key, value in told.items() if value}


_ASKED: Mapping[str, Callable[[Step], Iterator[Asked]]] = {
    "command_execution": _command,
    "file_change": _change,
    "mcp_tool_call": _server,
    "collab_tool_call": _agents,
    "collab_agent_tool_call": _agents,
}


def _reply(step: Step) -> tuple[str, bool]:
    printed = step.get("aggregated_output") or step.get("stdout")
    text, bad = (str(printed), False) if printed else told(step.get("result") or step.get("error"))
    failed = step.get("exit_code") not in {0, None} or step.get("status") in {"failed", "declined"}
    return text, bad or failed or bool(step.get("error"))
