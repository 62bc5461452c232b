"""Inspect logs, ``.eval`` and JSON: one transcript a sample, read through Inspect's public API only.

Inspect is imported when a log is read, because that takes seconds.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.importer import MALFORMED, Importer, Item, guarded
from peerpact.audit.reading import Source
from peerpact.audit.settings import add_facts
from peerpact.audit.transcript import Draft, Transcript, Unread, flat

__all__ = ["IMPORTER"]

BROKEN = (*MALFORMED, OSError, EOFError, zipfile.BadZipFile)


def recognise(source: Source) -> bool:
    """Whether the source is a log of Inspect."""
    if source.start[:4] == b"PK\x03\x04":
        return source.path.suffix == ".eval" or _has_journal(source)
    value = source.value
    return isinstance(value, dict) and {"version", "status", "eval"} <= set(value)


def _has_journal(source: Source) -> bool:
    return b"_journal/start.json" in source.start or b"header.json" in source.start[:200]


def read(source: Source) -> Iterator[Item]:
    """Read every sample."""
    problem = _dangerous(source) if source.start[:2] == b"PK" else ""
    if problem:
        yield Unread(source.label, problem)
        return
    from inspect_ai.log import read_eval_log, read_eval_log_samples

    try:
        header = read_eval_log(source.path, header_only=True)
        samples = read_eval_log_samples(
            source.path, all_samples_required=False, resolve_attachments="core"
        )
        for sample in samples:
            where = f"{source.label}#{sample.id}/{sample.epoch}"
            yield from guarded(_sample, (header, sample), where)
    except BROKEN as e:
        yield Unread(source.label, "damaged Inspect log", f"{type(e).__name__}: {e}"[:200])


def _dangerous(source: Source) -> str:
    """Say why an archive must not be opened: it is broken, or a member unpacks too far."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError):
        return "damaged Inspect log"
    if len(members) > source.limits.members:
        return "too many files in an archive"
    for member in members:
        if member.file_size > source.limits.session:
            return "unpacks too far"
    return ""


def _sample(pair: tuple[Any, Any], where: str) -> Iterator[Transcript]:
    header, sample = pair
    draft = Draft()
    draft.agent = str(header.eval.model)
    known: set[str] = set()
    for message in sample.messages:
        _add(draft, message, "")
        known.add(message.id or "")
    _add_agents(draft, sample.events, known)
    _add_facts(draft, header, sample)
    if sample.error:
        draft.status = "failed"
    elif sample.output and sample.output.choices and sample.output.stop_reason == "content_filter":
        draft.status = "refused"
    yield draft.finish(sample.uuid or where, where, "inspect_log")


def _add(draft: Draft, message: Any, agent: str) -> None:
    content = message.content
    reasoning = ""
    if not isinstance(content, str):
        reasoning = "\n".join(c.reasoning for c in content if c.type == "reasoning")
        content = "\n".join(c.text for c in content if c.type == "text")
    draft.say(message.role, content, reasoning, agent, str(getattr(message, "model", None) or ""))
    for call in getattr(message, "tool_calls", None) or ():
        draft.call(call.function, call.arguments, call.id, agent)
    if message.role == "tool":
        draft.reply(message.tool_call_id or "", content, message.error is not None)


def _add_agents(draft: Draft, events: list[Any], known: set[str]) -> None:
    """Add what sub-agents said: model events whose answer the main conversation lacks."""
    spans: dict[str, tuple[str, str]] = {}
    for event in events:
        if event.event == "span_begin":
            parent = spans.get(event.parent_id or "", ("", ""))
            inner = {"agent": ("agent", event.name), "scorer": ("scorer", event.name)}
            spans[event.id] = inner.get(event.type or "", parent)
        elif event.event == "model" and event.output and event.output.choices:
            kind, name = spans.get(event.span_id or "", ("", ""))
            if kind == "agent":
                _add_turn(draft, event, name, known)


def _add_turn(draft: Draft, event: Any, agent: str, known: set[str]) -> None:
    answer = event.output.choices[0].message
    if answer.id in known:
        return
    for message in (*event.input, answer):
        if message.id not in known:
            known.add(message.id)
            _add(draft, message, agent)


def _add_facts(draft: Draft, header: Any, sample: Any) -> None:
    arguments = header.eval.task_args or {}
    metadata = sample.metadata or {}
    nested = [v for v in metadata.values() if isinstance(v, Mapping)]
    for part in (metadata, *nested, arguments):
        add_facts(draft, {k: v for k, v in part.items() if k != "model"})
    draft.facts.setdefault("setting", str(header.eval.task))
    draft.facts.setdefault("pair", str(sample.id))
    for name, score in (sample.scores or {}).items():
        value = score.value
        draft.labels.update(value if isinstance(value, Mapping) else {name: value})
    if sample.store:
        draft.state.update(sample.store)
    if sample.input and not draft.messages:
        draft.say("user", flat(sample.input) if isinstance(sample.input, str) else "")


IMPORTER = Importer("inspect_log", "Inspect logs", recognise, read, 5)
