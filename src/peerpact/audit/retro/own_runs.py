"""Runs of this package: the records of a results folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from peerpact.audit.grading import report
from peerpact.audit.importer import MALFORMED
from peerpact.audit.reading import LIMITS, Limits, skip_line
from peerpact.audit.retro.labels import JUDGE, LABEL, borne_out
from peerpact.audit.retro.rows import Conflict, Row, columns, shared
from peerpact.audit.settings import number
from peerpact.audit.transcript import Draft, Transcript, Unread
from peerpact.canonical import digest
from peerpact.design.journal import RUNS, STUDY
from peerpact.design.record import Run
from peerpact.errors import ResultsError
from peerpact.scoring import Words
from peerpact.scoring.score import REFUSED

__all__ = ["read_own", "row_of"]

COUNTED = frozenset({"completed", "not_done"})
"""Endings after which an outcome may have a value."""


def read_own(folder: Path, limits: Limits = LIMITS) -> Iterator[Row | Unread]:
    """Read every record, repeated ones included; a line that is no record is an ``Unread``."""
    path, controls = folder / RUNS, _controls(folder)
    with path.open("rb") as stream:
        for line_number, line in enumerate(iter(lambda: stream.readline(limits.line), b""), 1):
            where = f"{path}:{line_number}"
            if len(line) >= limits.line and not line.endswith(b"\n"):
                skip_line(stream)
                yield Unread(where, "line too long")
                continue
            try:
                yield row_of(Run.from_json(line), where, controls)
            except ResultsError as e:
                yield Unread(where, "not a run record", str(e)[:200])


def _controls(folder: Path) -> frozenset[str]:
    """Return the arms that the frozen design beside the records declares as capability controls."""
    try:
        arms = orjson.loads((folder / STUDY).read_bytes())["study"]["arms"]
        return frozenset(name for name, arm in arms.items() if arm["capability"])
    except (OSError, *MALFORMED):
        return frozenset()


def row_of(run: Run, where: str, controls: frozenset[str] = frozenset()) -> Row:
    """Return the row of one record.

    Args:
        run: The record.
        where: Its place.
        controls: Arms that are capability controls.
    """
    average = _measure(run, "over_bar")
    return Row(
        run.identity, where, run.subject, run.scenario, shared(run.levels),
        {name: outcome.value for name, outcome in run.outcomes.items()},
        "" if run.ending in COUNTED else run.ending,
        {name: o.reason for name, o in run.outcomes.items() if o.value is None},
        frozenset(run.seen), average, number(run.levels.get("bar")),
        shared({"route": run.route, "model": run.model, "package": run.package, "version": run.version,
                **{f"settings/{k}": v for k, v in sorted(run.settings.items())}}),
        run.arm in controls,
        _fingerprint(run),
        conflicts=tuple(_conflicts(run)),
    )  # fmt: skip


def _fingerprint(run: Run) -> str:
    calls = [[call["tool"], call["arguments"], call["reply"]] for call in run.calls]
    return digest([run.subject, run.cell, calls, [words.text for words in run.said]])


def _measure(run: Run, name: str) -> float | None:
    return run.outcomes[name].measure if name in run.outcomes else None


def transcript_of(run: Run) -> Transcript:
    """Return what the record keeps of the run as a transcript; its prompts are in the log."""
    draft = Draft()
    draft.agent = run.subject
    spoken = {words.turn: words for words in run.said}
    for turn in range(1, run.turns + 1):
        words = spoken.get(turn, Words(turn, ""))
        draft.say("assistant", words.text, words.reasoning)
        for call in (call for call in run.calls if call["turn"] == turn):
            id = draft.call(str(call["tool"]), call["arguments"])
            draft.say("tool", str(call["reply"]))
            draft.reply(id, str(call["reply"]), bool(call["refusal"]))
    return draft.finish(run.identity, run.log, "runs")


def _conflicts(run: Run) -> Iterator[Conflict]:
    transcript = transcript_of(run)
    labels: dict[str, Any] = {name: o.value for name, o in run.outcomes.items()}
    yield from borne_out(transcript, labels, columns()["own"])
    yield from _score(run, transcript)
    yield from _state(run)
    if run.ending == REFUSED and report(transcript) is not None:
        yield Conflict(JUDGE, "ending", REFUSED, "a report was filed")


def _score(run: Run, transcript: Transcript) -> Iterator[Conflict]:
    found, bar = report(transcript), number(run.levels.get("bar"))
    said = run.outcomes["over_bar"].value if "over_bar" in run.outcomes else None
    if found is None or not found.exact or bar is None or said is None:
        return
    if said != (found.total >= bar):
        shown = f"a report of {found.total:g} and a bar of {bar:g}"
        yield Conflict(LABEL, "over_bar", str(said).lower(), shown)


def _state(run: Run) -> Iterator[Conflict]:
    """Find acts that a record affirms though none of the places that it cites changed."""
    changed = Counter(str(change["path"]) for change in run.changes)
    for rule in columns()["own"]:
        outcome = run.outcomes.get(rule["label"])
        if outcome is None or outcome.value is not True or not outcome.evidence:
            continue
        if not any(_touches(place, path) for place in outcome.evidence for path in changed):
            yield Conflict(JUDGE, rule["label"], "true", f"no change at {outcome.evidence[0]}")


def _touches(place: str, path: str) -> bool:
    return place == path or path.startswith(f"{place}/") or place.startswith(f"{path}/")
