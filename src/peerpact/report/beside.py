"""What lies beside results and belongs on their page: logs, stamp, explanations, published rates."""

from __future__ import annotations

from pathlib import Path

from peerpact.report.compare import PublishedNumber, load_published
from peerpact.report.extras import Motive, PageExtras, Published, Transcripts
from peerpact.report.motives import explained
from peerpact.report.results import Results
from peerpact.report.situations import series_label
from peerpact.report.standing import standing
from peerpact.report.wording import say
from peerpact.scenarios.load import load

__all__ = ["extras_beside", "published"]

EVIDENCE_BYTES = 8_000_000
SHARES = 4
"""Explanations of one subject that the picture shows."""


def extras_beside(
    folder: Path,
    results: Results,
    *,
    transcripts: Transcripts | None = None,
    evidence_bytes: int = EVIDENCE_BYTES,
    live: bool = False,
) -> PageExtras:
    """Return what a results folder adds to the page of its results.

    Args:
        folder: The results folder.
        results: What it holds, estimated.
        transcripts: How to read whole runs again, where ``results`` holds them lightly.
        evidence_bytes: Room for transcripts in the page.
        live: Whether the page asks for a newer one.
    """
    logs = folder / "logs"
    behind = standing(folder, results)
    found = [e for e in explained(results, behind.circumstances) if e.observations]
    return PageExtras(
        selftest=behind.stamp,
        departures=None if behind.registration is None else tuple(map(str, behind.departures)),
        preregistration=behind.where,
        motives=[
            Motive(e.subject, share.title, share.probability)
            for e in found
            for share in e.shares[:SHARES]
            if share.probability is not None
        ],
        motive_sentences=tuple(e.sentence for e in found),
        published=published(results),
        logs=logs if logs.is_dir() else None,
        transcripts=transcripts,
        evidence_bytes=evidence_bytes,
        live=live,
    )


def published(results: Results) -> list[Published]:
    """Return the published rates that one mark of a picture can stand beside.

    Only a behaviour that the study measured in one scenario and printed as a rate; sums over scenarios and
    differences from a baseline have no mark here.
    """
    tables = load_published()
    measured = {(e.cell.scenario, e.subject) for e in results.cells}
    names = {load(scenario).spec.study_name: scenario for scenario, _ in measured}
    found = []
    for number in tables.numbers:
        behaviour = tables.behaviours[number.behaviour]
        scenario = names.get(behaviour.scenarios[0], "")
        alone = len(behaviour.scenarios) == 1 and behaviour.unit == "percent"
        if alone and number.average is not None and (scenario, number.model) in measured:
            found.append(_mark(number, scenario))
    return found


def _mark(number: PublishedNumber, scenario: str) -> Published:
    assert number.average is not None
    return Published(
        subject=number.model,
        scenario=scenario,
        series=series_label(number.whose, number.past),
        rate=number.average / 100,
        source=say("published/source", source=number.source, version=number.version),
        note=number.note or say("published/note"),
    )
