"""What a record says about the run beside its messages, under whichever names: model, bar, subject, oversight.

The names are a table (`facts.yaml`); a detector sees only the names on its left side.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from peerpact.audit.transcript import Draft
from peerpact.text import read_yaml

__all__ = ["ID_KEYS", "add_facts", "add_settings", "number"]

ID_KEYS = (
    "id", "session_id", "sessionId", "conversation_id", "thread_id", "trace_id",
    "transcript_id", "run_id", "experiment_id", "task_id", "custom_id",
)  # fmt: skip
NESTED = frozenset({"metadata", "meta", "experiment_metadata", "info", "config", "attributes"})
LABELS = frozenset(
    {"labels", "scores", "evaluation", "task_evaluation", "main_task_evaluation", "outcomes"}
)


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, str]]:
    """Return spelling → (fact, kind)."""
    table = read_yaml(files("peerpact.audit") / "facts.yaml")
    return {
        spelling: (fact, entry["kind"])
        for fact, entry in table["facts"].items()
        for spelling in entry["names"]
    }


@lru_cache(maxsize=1)
def _words() -> dict[str, bool]:
    table = read_yaml(files("peerpact.audit") / "facts.yaml")
    return {word: watched for watched in (True, False) for word in table["watched"][watched]}


def add_settings(draft: Draft, record: Mapping[str, Any]) -> None:
    """Take the model, the facts and the labels from a record and from its metadata."""
    names = _names()
    for key, value in record.items():
        if value is None:
            continue
        if key in names:
            _add(draft, *names[key], value)
        elif key in NESTED and isinstance(value, Mapping):
            add_facts(draft, value)
        elif key in LABELS and isinstance(value, Mapping):
            draft.labels.update(value)
        elif key == "error" and value and not draft.status:
            draft.status = "failed"


def add_facts(draft: Draft, part: Mapping[str, Any]) -> None:
    """Take every fact that ``part`` names."""
    names = _names()
    for spelling in part:
        if spelling in names and part[spelling] is not None:
            fact, kind = names[spelling]
            _add(draft, fact, kind, part[spelling])


def _add(draft: Draft, fact: str, kind: str, value: Any) -> None:
    known = _converted(kind, value)
    if known is None:
        return
    if fact == "agent":
        draft.agent = draft.agent or str(known)
    else:
        draft.facts.setdefault(fact, known)


def _converted(kind: str, value: Any) -> Any:
    if kind == "number":
        return number(value)
    if kind == "watched":
        return value if isinstance(value, bool) else _words().get(str(value).lower())
    if kind == "text":
        return str(value) if isinstance(value, (str, int, float)) and value != "" else None
    return value


def number(value: Any) -> float | None:
    """Return ``value`` as a finite number, or ``None``."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    return found if abs(found) < 1e15 else None
