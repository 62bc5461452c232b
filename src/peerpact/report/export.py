"""Results for programs: plain rows, JSON, CSV. A value that is not known is empty, never a NaN."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from statistics import fmean
from typing import Any

import orjson

from peerpact.design.study import Contrast
from peerpact.report.judging import Judging
from peerpact.report.probes import probe_row
from peerpact.report.results import (
    CellEstimate,
    ContrastEstimate,
    OverallEstimate,
    Results,
    SubjectSummary,
)
from peerpact.report.standing import Standing
from peerpact.report.wording import P_DECIMALS, rounded
from peerpact.statistics import Interval
from peerpact.text import write_whole

__all__ = ["cell_row", "contrast_row", "document", "overall_row", "write_csv", "write_json"]

Row = dict[str, Any]


def cell_row(e: CellEstimate) -> Row:
    """Return one estimate as a flat row."""
    return {
        "subject": e.subject,
        "scenario": e.cell.scenario,
        "arm": e.cell.arm,
        "arm_title": e.cell.title,
        "stratum": e.cell.stratum,
        "cell": e.cell.id,
        "capability_control": e.cell.capability,
        "outcome": e.outcome,
        "outcome_sentence": e.sentence,
        "kind": e.kind,
        "primary": e.primary,
        "runs": e.runs,
        "scored": e.scored,
        "refused": e.refused,
        "unscorable": e.unscorable,
        "reasons": "; ".join(f"{reason}: {n}" for reason, n in e.reasons.items()),
        "hits": e.hits,
        "rate": rounded(e.interval.value),
        "low": rounded(e.interval.low),
        "high": rounded(e.interval.high),
        "interval": e.interval.method,
        "level": e.interval.level,
        "wordings": e.wordings,
        **_over(e.over),
        "shrunk_rate": rounded(e.shrunk.value) if e.shrunk else None,
        "shrunk_low": rounded(e.shrunk.low) if e.shrunk else None,
        "shrunk_high": rounded(e.shrunk.high) if e.shrunk else None,
        "call": e.call or None,
        "ended": e.ended or None,
        "pool_rate": rounded(e.pooled.value) if e.pooled else None,
        "pool_low": rounded(e.pooled.low) if e.pooled else None,
        "pool_high": rounded(e.pooled.high) if e.pooled else None,
        "seen_unscored": e.seen,
        "worst_lowest": rounded(e.worst.lowest),
        "worst_highest": rounded(e.worst.highest),
        "mean_measure": rounded(fmean(e.measures), 3) if e.measures else None,
        "known_rate": rounded(e.truth),
        "understood": rounded(e.understood.value) if e.understood else None,
        "understood_low": rounded(e.understood.low) if e.understood else None,
        "understood_high": rounded(e.understood.high) if e.understood else None,
        "understood_of": e.understood.n if e.understood else None,
        "levels": " ".join(f"{factor}={level}" for factor, level in e.cell.levels.items()),
    }


def contrast_row(c: ContrastEstimate) -> Row:
    """Return one contrast as a flat row."""
    low = c.base or (None, None)
    return {
        **_declared(c.subject, c.pair.contrast),
        "scenario": c.pair.scenario,
        "stratum": c.pair.stratum,
        "outcome": c.pair.outcome,
        "from": c.pair.source.arm,
        "from_hits": c.source.hits,
        "from_scored": c.source.scored,
        "to": c.pair.to.arm,
        "to_hits": c.to.hits,
        "to_scored": c.to.scored,
        "from_base_hits": low[0].hits if low[0] else None,
        "from_base_scored": low[0].scored if low[0] else None,
        "to_base_hits": low[1].hits if low[1] else None,
        "to_base_scored": low[1].scored if low[1] else None,
        **_estimated(c),
    }


def overall_row(o: OverallEstimate) -> Row:
    """Return one contrast over all its scenarios as a flat row."""
    return {
        **_declared(o.subject, o.contrast),
        "parts": [c.pair.id for c in o.parts],
        "left_out": list(o.left_out),
        **_estimated(o),
    }


def _declared(subject: str, contrast: Contrast) -> Row:
    by = contrast.by
    return {
        "subject": subject,
        "contrast": contrast.name,
        "title": contrast.title,
        "factor": contrast.factor,
        "by": f"{by.factor} {by.levels[0]} to {by.levels[1]}" if by else None,
    }


def _estimated(c: ContrastEstimate | OverallEstimate) -> Row:
    d, s = c.difference, c.sizes
    return {
        "difference": rounded(d.value) if d else None,
        "low": rounded(d.low) if d else None,
        "high": rounded(d.high) if d else None,
        "interval": d.method if d else None,
        **_over(c.over if isinstance(c, ContrastEstimate) else None),
        "p": rounded(d.p, P_DECIMALS) if d else None,
        "test": d.test if d else None,
        "p_holm": rounded(c.adjusted_p, P_DECIMALS),
        "size_difference": rounded(s.value, 3) if s else None,
        "size_low": rounded(s.low, 3) if s else None,
        "size_high": rounded(s.high, 3) if s else None,
        "size_p": rounded(s.p, P_DECIMALS) if s else None,
        "known_difference": rounded(c.known),
        "p_bh": rounded(c.screened_p, P_DECIMALS),
        "worst_lowest": rounded(c.worst[0]) if c.worst else None,
        "worst_highest": rounded(c.worst[1]) if c.worst else None,
        "verdict": c.verdict,
        "reason": c.reason or (s.reason if s else ""),
    }


def _over(found: Interval | None) -> Row:
    """Return the limits over wordings; empty where there is one wording, or the runs hung on what they showed."""
    return {
        "over_wordings_low": rounded(found.low) if found else None,
        "over_wordings_high": rounded(found.high) if found else None,
        "over_wordings_interval": found.method if found else None,
        "over_wordings_note": found.reason if found else None,
    }


def document(results: Results, behind: Standing | None = None) -> dict[str, Any]:
    """Return everything as one JSON document.

    Args:
        results: What was found.
        behind: What stands behind it, where it is known.
    """
    registered = behind.registration if behind is not None else None
    return {
        "study": results.study.model_dump(mode="json"),
        "design": results.study.digest,
        "package": results.package,
        "subjects": [_subject(s) for s in results.subjects],
        "cells": [cell_row(e) for e in results.cells],
        "contrasts": [contrast_row(c) for c in results.contrasts],
        "overall": [overall_row(o) for o in results.overall],
        "probes": [probe_row(s) for s in results.probes],
        "notes": list(results.notes),
        "selftest": asdict(behind.stamp) if behind is not None and behind.stamp else None,
        "registration": registered.hash if registered is not None else None,
        "departures": [asdict(d) for d in behind.departures] if behind and registered else None,
    }


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file."""
    write_whole(path, orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as CSV; no file where there are none."""
    if not rows:
        return
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())


def _subject(s: SubjectSummary) -> Row:
    return {
        "name": s.name,
        "route": s.route,
        "models": list(s.models),
        "runs": s.runs,
        "planned": s.planned,
        "endings": dict(s.endings),
        "tokens": s.tokens,
        "cost_usd": rounded(s.cost, 4),
        "judge": _judge(s.judging),
        "capability_not_shown": list(s.incapable),
    }


def _judge(asked: Judging | None) -> Row | None:
    """Return the part of tokens and cost that judges used."""
    if asked is None:
        return None
    numbers = {"asked": asked.asked, "tokens": asked.tokens, "cost_usd": rounded(asked.cost, 4)}
    return {"models": list(asked.judges), **numbers}
