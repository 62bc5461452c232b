"""Inspect logs, ``.eval`` and JSON: one transcript a sample, read through Inspect's public API only.

Inspect is imported when a log is read, because that takes seconds.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.importer import MALFORMED, Importer, Item, guarded
from peerpact.audit.inspect_messages import drafted, know
from peerpact.audit.reading import Source
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
    draft = drafted(sample.messages, sample.events)
    draft.agent = str(header.eval.model)
    know(draft, sample.metadata or {}, header.eval.task_args or {})
    draft.facts.setdefault("setting", str(header.eval.task))
    draft.facts.setdefault("pair", str(sample.id))
    _add_outcomes(draft, sample)
    if sample.error:
        draft.status = "failed"
    elif sample.output and sample.output.choices and sample.output.stop_reason == "content_filter":
        draft.status = "refused"
    yield draft.finish(sample.uuid or where, where, "inspect_log")


def _add_outcomes(draft: Draft, sample: Any) -> None:
    for name, score in (sample.scores or {}).items():
        value = score.value
        draft.labels.update(value if isinstance(value, Mapping) else {name: value})
    if sample.store:
        draft.state.update(sample.store)
    if sample.input and not draft.messages:
        draft.say("user", flat(sample.input) if isinstance(sample.input, str) else "")


IMPORTER = Importer("inspect_log", "Inspect logs", recognise, read, 5)
