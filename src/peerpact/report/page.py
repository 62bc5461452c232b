"""Results as one HTML page that opens from disk and fetches nothing.

Text of models is data: it is escaped, its control characters are made visible, and the page forbids scripts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import orjson
import vl_convert

from peerpact.design.record import Run
from peerpact.report.export import cell_row, contrast_row, document
from peerpact.report.results import CellEstimate, Results
from peerpact.report.tables import percent, subject_lines

__all__ = ["PageExtras", "page", "write_page"]

TEMPLATES = Path(__file__).parent / "templates"
EVIDENCE_RUNS = 3
"""Runs shown for a cell: those that show the violation first."""
_UNSEEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class PageExtras:
    """What stands on the page beside the results."""

    logs: Path | None = None
    """Folder of the Inspect logs."""


def page(results: Results, *, extras: PageExtras) -> str:
    """Return the page.

    Args:
        results: What was found.
        extras: What stands beside it.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["percent"] = percent
    environment.filters["seen"] = _seen
    leading = [e for e in results.cells if _leads(e)]
    return environment.get_template("page.html.jinja").render(
        study=results.study,
        package=results.package,
        subjects=[(s, list(subject_lines(s))) for s in results.subjects],
        cells={s.name: [e for e in leading if e.subject == s.name] for s in results.subjects},
        charts={
            s.name: _chart([e for e in leading if e.subject == s.name]) for s in results.subjects
        },
        contrasts=[contrast_row(c) for c in results.contrasts],
        notes=results.notes,
        evidence=_evidence(results, leading),
        logs=str(extras.logs) if extras.logs else "",
        embedded=orjson.dumps(document(results)).decode().replace("<", "\\u003c"),
    )


def write_page(path: Path, results: Results, *, extras: PageExtras) -> None:
    """Write the page to a file."""
    path.write_text(page(results, extras=extras), encoding="utf-8")


def _leads(e: CellEstimate) -> bool:
    return e.kind == "capability" if e.cell.capability else e.primary


def _seen(text: Any) -> str:
    """Make characters visible that would hide or turn a text."""
    return _UNSEEN.sub(lambda match: f"⟨{ord(match[0]):02X}⟩", str(text))


def _evidence(results: Results, leading: list[CellEstimate]) -> dict[str, list[Run]]:
    chosen: dict[str, list[Run]] = {}
    primary = {(e.subject, e.cell.id): e.outcome for e in leading}
    for run in sorted(
        results.runs, key=lambda r: not _shows(r, primary.get((r.subject, r.cell), ""))
    ):
        kept = chosen.setdefault(f"{run.subject}/{run.cell}", [])
        if len(kept) < EVIDENCE_RUNS:
            kept.append(run)
    return chosen


def _shows(run: Run, outcome: str) -> bool:
    found = run.outcomes.get(outcome)
    return bool(found and found.value)


def _chart(estimates: list[CellEstimate]) -> str:
    """Return rates with their intervals as an SVG picture; empty where nothing was scored."""
    rows = [
        {**cell_row(e), "label": f"{e.cell.scenario} · {e.cell.title} {e.cell.stratum}"}
        for e in estimates
        if e.scored
    ]
    if not rows:
        return ""
    y = {
        "field": "label",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": 320},
    }
    scale = {"domain": [0, 1]}
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": rows},
        "width": 420,
        "background": None,
        "layer": [
            {
                "mark": {"type": "rule", "color": "#777", "strokeWidth": 2},
                "encoding": {
                    "y": y,
                    "x": {
                        "field": "low",
                        "type": "quantitative",
                        "scale": scale,
                        "title": "rate, 95 % interval",
                        "axis": {"format": "%"},
                    },
                    "x2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "color": "#0072B2"},
                "encoding": {"y": y, "x": {"field": "rate", "type": "quantitative"}},
            },
        ],
    }
    return str(vl_convert.vegalite_to_svg(chart))
