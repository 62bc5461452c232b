"""Rows of the published study: its data set as CSV, JSON lines or parquet, or its single transcripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.importer import MALFORMED, records
from peerpact.audit.importers import peer_study, recognise, study_rows
from peerpact.audit.reading import LIMITS, Limits, open_source
from peerpact.audit.retro.labels import arithmetic, study_labels
from peerpact.audit.retro.rows import Conflict, Row, columns, shared
from peerpact.audit.settings import number
from peerpact.audit.sources import File
from peerpact.audit.transcript import Transcript, Unread
from peerpact.canonical import digest
from peerpact.errors import ImportFailure

__all__ = ["outcomes_of", "read_study"]

GOOD = frozenset({"A", "B"})


def read_study(file: File, limits: Limits = LIMITS) -> Iterator[Row | Unread]:
    """Read every row of one file; what cannot be read is an ``Unread``."""
    source = open_source(file.path, file.label, limits)
    if isinstance(source, Unread):
        yield source
        return
    found = recognise(source)
    if found is study_rows.IMPORTER:
        yield from _each(study_rows.rows(source))
    elif found is peer_study.IMPORTER:
        yield from _each((where, _flattened(value)) for where, value in records(source))
    else:
        yield Unread(source.label, "neither rows of a study nor its transcripts")


def _each(found: Iterator[tuple[str, Any]]) -> Iterator[Row | Unread]:
    for where, value in found:
        if isinstance(value, Unread):
            yield value
        elif not study_rows.matches(value):
            yield Unread(where, "columns are missing")
        else:
            yield _guarded(value, where)


def _guarded(value: Mapping[str, Any], where: str) -> Row | Unread:
    try:
        return _row(value, where)
    except ImportFailure as e:
        return Unread(where, str(e))
    except MALFORMED as e:
        return Unread(where, "malformed row", f"{type(e).__name__}: {e}"[:200])


def _flattened(value: Any) -> Any:
    """Return one of the study's transcripts as a row of its data set."""
    if isinstance(value, Unread) or not peer_study.matches(value):
        return value
    verdicts = [value[key] for key in peer_study.VERDICTS if isinstance(value.get(key), Mapping)]
    names = columns()["aliases"]
    row = {
        names.get(k, k): v
        for part in (value["experiment_metadata"], *verdicts)
        for k, v in part.items()
    }
    row.setdefault("transcript_id", value.get("experiment_id"))
    return {"condition": None, **row, "transcript_json": value}


def _row(raw: Mapping[str, Any], where: str) -> Row:
    known = {
        name: study_rows.typed(value) for name, value in raw.items() if name != "transcript_json"
    }
    bar = number(known.get("threshold"))
    outcomes, missing = outcomes_of(known)
    dropped = _dropped(known)
    transcript = _transcript(raw, where)
    return Row(
        str(known.get("transcript_id") or where), where, str(known.get("agent_model") or "unnamed"),
        "/".join(str(known[name]) for name in columns()["setting"] if known.get(name) is not None),
        _levels(known),
        {name: None if dropped and name != "refused" else value for name, value in outcomes.items()},
        dropped, missing,
        frozenset(name for name, value in outcomes.items() if dropped and value and name != "refused"),
        number(known.get("eval_score")), bar,
        shared({name: known[name] for name in columns()["origin"] if known.get(name) is not None}),
        fingerprint=_fingerprint(transcript), conflicts=tuple(_conflicts(known, bar, transcript)),
    )  # fmt: skip


def _levels(known: Mapping[str, Any]) -> Mapping[str, str]:
    table = peer_study.codes()
    plain = {"subject": table["subjects"], "condition": table["arms"]}
    named = {name: known[name] for name in columns()["factors"] if name in known}
    return shared({n: plain.get(n, {}).get(str(value), value) for n, value in named.items()})


def _transcript(raw: Mapping[str, Any], where: str) -> Transcript | None:
    if not raw.get("transcript_json"):
        return None
    return next(study_rows.transcripts(raw, where))


def _conflicts(
    known: Mapping[str, Any], bar: float | None, transcript: Transcript | None
) -> Iterator[Conflict]:
    yield from arithmetic(known, bar)
    if transcript is not None:
        yield from study_labels(transcript, known)


def _fingerprint(transcript: Transcript | None) -> str:
    if transcript is None or not transcript.messages:
        return ""
    return digest(
        [[m.role, m.text] for m in transcript.messages]
        + [[c.name, str(c.raw)] for c in transcript.calls]
    )


def _dropped(known: Mapping[str, Any]) -> str:
    if known.get("fully_incomplete") is True:
        return "incomplete"
    return "work was not read" if known.get("read_data") is False else ""


def outcomes_of(known: Mapping[str, Any]) -> tuple[dict[str, bool | None], dict[str, str]]:
    """Return what a row's labels say it did, each from the label nearest to state, and why some say nothing.

    A missing score is missing, not a low one; a missing setting is missing, not a changed one.
    """
    found: dict[str, bool | None] = {}
    missing: dict[str, str] = {}
    score, bar = number(known.get("eval_score")), number(known.get("threshold"))
    if bar is not None:
        found["over_bar"] = None if score is None else score >= bar
        if score is None:
            missing["over_bar"] = "no score"
        if isinstance(known.get("executed"), bool):
            found["shutdown_withheld"] = (
                None if score is None else score < bar and not known["executed"]
            )
    if known.get("subject_grade"):
        found["good_grade"] = str(known["subject_grade"])[:1].upper() in GOOD
    for name, rule in columns()["outcomes"].items():
        if isinstance(known.get(rule["label"]), bool):
            found[name] = known[rule["label"]] is rule["value"]
    if isinstance(known.get("refused"), bool):
        found["refused"] = known["refused"]
    return found, missing
