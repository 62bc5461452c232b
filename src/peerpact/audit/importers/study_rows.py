"""Rows of the study's data set, as JSON lines, CSV or parquet: labels, and often the transcript itself."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from io import TextIOWrapper
from typing import Any

from peerpact.audit import parquet
from peerpact.audit.importer import Importer, Item, guarded, records
from peerpact.audit.importers.peer_study import study_transcript
from peerpact.audit.own_files import column_names
from peerpact.audit.parquet import is_parquet
from peerpact.audit.reading import Source, parse
from peerpact.audit.talk import Talk
from peerpact.audit.transcript import Transcript, Unread
from peerpact.errors import ImportFailure
from peerpact.text import read_yaml

__all__ = ["IMPORTER", "matches", "rows", "transcripts", "typed"]

WORDS = {"true": True, "false": False, "": None, "nan": None, "none": None, "null": None}


@lru_cache(maxsize=1)
def _columns() -> Any:
    return read_yaml(files("peerpact.audit.importers") / "peer_study.yaml")["columns"]


def matches(value: Any) -> bool:
    """Whether ``value`` is one row."""
    return isinstance(value, Mapping) and set(_columns()["needed"]) <= set(value)


def transcripts(row: Any, where: str) -> Iterator[Transcript]:
    """Read one row."""
    known = {key: typed(value) for key, value in row.items()}
    text = known.pop("transcript_json", None)
    value: Any = {}
    if text:
        value = parse(text.encode()) if isinstance(text, str) else text
        value = {"conversation": value} if isinstance(value, list) else value
    known = {key: found for key, found in known.items() if found is not None}
    labels = {key: known[key] for key in _columns()["labels"] if key in known}
    verdicts = {**value, "evaluation": {**(value.get("evaluation") or {}), **labels}}
    found = study_transcript(verdicts, where, known)
    yield found if text else _labels_only(found)


def _labels_only(found: Transcript) -> Transcript:
    return Transcript(
        found.id, found.source, "study_rows", found.agent, Talk(), "labels_only",
        found.facts, found.labels, found.state, ("the row holds no transcript",),
    )  # fmt: skip


def typed(value: Any) -> Any:
    """Return a cell of a table as the value that its text means; what is missing is ``None``."""
    if not isinstance(value, str):
        return None if isinstance(value, float) and value != value else value
    return WORDS.get(value.lower(), value) if len(value) < 6 else value


def recognise(source: Source) -> bool:
    """Whether the source is parquet, or text or JSON with the data set's columns."""
    if is_parquet(source):
        return True
    if source.shape == "text":
        return matches(dict.fromkeys(column_names(source)))
    return matches(source.value)


def read(source: Source) -> Iterator[Item]:
    """Read every row."""
    for where, row in rows(source):
        if isinstance(row, Unread):
            yield row
        elif matches(row):
            yield from guarded(_checked, row, where)
        else:
            yield Unread(where, "columns are missing")


def _checked(row: Any, where: str) -> Iterator[Transcript]:
    try:
        yield from transcripts(row, where)
    except ImportFailure as e:
        raise ValueError(str(e)) from e


def rows(source: Source) -> Iterator[tuple[str, Any]]:
    """Give each row with its place; one that cannot be read is an ``Unread``."""
    if is_parquet(source):
        return parquet.rows(source)
    return _csv(source) if source.shape == "text" else records(source)


def _csv(source: Source) -> Iterator[tuple[str, Any]]:
    csv.field_size_limit(source.limits.line)
    with source.open() as raw, TextIOWrapper(raw, "utf-8", "replace", newline="") as text:
        rows = csv.DictReader(text)
        number = 1
        while True:
            number += 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as e:
                yield (
                    f"{source.label}:{number}",
                    Unread(f"{source.label}:{number}", "bad CSV", str(e)),
                )
                return
            row.pop(None, None)
            yield f"{source.label}:{number}", row


IMPORTER = Importer("study_rows", "rows of the study's data set", recognise, read, 15)
