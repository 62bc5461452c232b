"""What lies beside results and belongs on their page: logs, stamp, explanations."""

from __future__ import annotations

from pathlib import Path

from peerpact.report.extras import Motive, PageExtras, Transcripts
from peerpact.report.motives import explained, told
from peerpact.report.results import Results
from peerpact.report.standing import standing

__all__ = ["extras_beside"]

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
        motive_sentences=told(found),
        logs=logs if logs.is_dir() else None,
        transcripts=transcripts,
        evidence_bytes=evidence_bytes,
        live=live,
    )
