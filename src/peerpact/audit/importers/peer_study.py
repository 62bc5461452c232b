"""The released transcripts of the published study, of each of its three generations.

The verdict sits under one of three keys, a subject is a number or a word, conditions have old and new names, and
``tool_calls`` is an object keyed by tool name: two calls of one tool in one turn collapse there. The tool messages
echo the arguments, so the lost calls are recovered from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from peerpact.audit.dialects import role_of
from peerpact.audit.importer import document_importer
from peerpact.audit.settings import add_facts
from peerpact.audit.transcript import Draft, Transcript, flat
from peerpact.text import read_yaml

__all__ = ["IMPORTER", "VERDICTS", "codes", "matches", "study_transcript"]

VERDICTS = ("side_task_evaluation", "main_task_evaluation", "task_evaluation", "evaluation")
COLLAPSED = "calls of one tool in one turn had collapsed; recovered from their replies"


@lru_cache(maxsize=1)
def codes() -> Any:
    """Return what the study's codes for subjects and arms mean."""
    return read_yaml(files("peerpact.audit.importers") / "peer_study.yaml")


def matches(value: Any) -> bool:
    """Whether ``value`` is one of the study's transcripts."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("experiment_metadata"), dict)
        and isinstance(value.get("conversation") or value.get("full_conversation"), list)
    )


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read one transcript."""
    yield study_transcript(value, where)


def study_transcript(
    value: Mapping[str, Any], where: str, row: Mapping[str, Any] | None = None
) -> Transcript:
    """Read one transcript, whose labels and settings a data-set row may complete."""
    draft = Draft()
    for message in value.get("full_conversation") or value.get("conversation") or ():
        _add(draft, message)
    metadata = {**(value.get("experiment_metadata") or {}), **(row or {})}
    for key in VERDICTS:
        verdict = value.get(key)
        if isinstance(verdict, Mapping):
            draft.labels.update(verdict)
    _settings(draft, metadata)
    id = value.get("experiment_id") or metadata.get("transcript_id") or where
    return draft.finish(str(id), where, "peer_study")


def _settings(draft: Draft, metadata: Mapping[str, Any]) -> None:
    table = codes()
    add_facts(draft, metadata)
    facts = draft.facts
    raw = facts.get("subject")
    facts["subject"] = table["subjects"].get(str(raw), raw)
    facts["arm"] = table["arms"].get(str(facts.get("arm")), facts.get("arm"))
    names = metadata.get("peer_agent_names")
    if "beneficiary" not in facts and names and facts["subject"] != "self":
        facts["beneficiary"] = ", ".join(_names(names))
    draft.facts = {name: value for name, value in facts.items() if value is not None}


def _names(names: Any) -> list[str]:
    if isinstance(names, Mapping):
        return [str(name) for name in names.values()]
    return [str(name) for name in names] if isinstance(names, list) else [str(names)]


def _add(draft: Draft, message: Mapping[str, Any]) -> None:
    role = role_of(message.get("role"))
    text = flat(message.get("content"))
    calls = message.get("tool_calls")
    calls = calls if isinstance(calls, Mapping) else {}
    if role == "tool":
        _add_reply(draft, text, calls)
        return
    draft.say(role, text, flat(message.get("reasoning_content")))
    for name, arguments in calls.items():
        draft.call(name, arguments)


def _add_reply(draft: Draft, text: str, echo: Mapping[str, Any]) -> None:
    name, arguments = next(iter(echo.items()), ("", None))
    id = draft.open_call(name, arguments)
    if not id and name:
        id = draft.call(name, arguments)
        if COLLAPSED not in draft.notes:
            draft.notes.append(COLLAPSED)
    draft.say("tool", text)
    draft.reply(id, text, failed=not text)


IMPORTER = document_importer("peer_study", "the study's transcripts", matches, transcripts, 10)
