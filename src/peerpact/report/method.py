"""How it was measured: the design, the proof of its contrasts, the wordings, the models, what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from peerpact.design.cells import Cell
from peerpact.design.contrasts import Pair, prove
from peerpact.errors import StudyError
from peerpact.report.extras import PageExtras
from peerpact.report.results import Results, SubjectSummary
from peerpact.report.wording import say
from peerpact.scenarios.load import load
from peerpact.scenarios.scene import Scene, scene
from peerpact.subjects.spec import resolve
from peerpact.worlds.diff import Change

__all__ = ["Proof", "method"]

PROOFS = 60
"""Contrasts whose proof the page shows."""
WORDINGS = 40
"""Cells whose prompts the page shows; those of a run stand beside the run."""
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Proof:
    """What differs between the two sides of one contrast."""

    pair: Pair
    changes: tuple[Change, ...]
    problem: str = ""


def method(results: Results, extras: PageExtras) -> dict[str, Any]:
    """Return what the section on method shows."""
    edges = (edge for c in results.contrasts for edge in c.pair.edges)
    pairs = list({edge.id: edge for edge in edges}.values())
    vendor = _vendor(results.subjects)
    cells = list({e.cell.id: e.cell for e in results.cells}.values())
    scenarios = [load(name) for name in dict.fromkeys(cell.scenario for cell in cells)]
    return {
        "models": results.subjects,
        "dates": _dates(results),
        "scenarios": scenarios,
        "arms": list(dict.fromkeys((cell.arm, cell.title) for cell in cells))[:PROOFS],
        "arms_left": max(len({cell.arm for cell in cells}) - PROOFS, 0),
        "proofs": [_proof(pair, vendor) for pair in pairs[:PROOFS]],
        "proofs_left": max(len(pairs) - PROOFS, 0),
        "no_proofs": "" if pairs else say("absent/proofs"),
        "wordings": [(cell, _scene(cell, vendor)) for cell in cells[:WORDINGS]],
        "wordings_left": max(len(cells) - WORDINGS, 0),
        "logs": str(extras.logs) if extras.logs is not None else "",
        "no_logs": "" if extras.logs is not None else say("absent/logs"),
        "endings": _endings(results),
    }


def _vendor(subjects: Sequence[SubjectSummary]) -> str:
    """Return the vendor word of the first subject that the catalogue knows, or a neutral one."""
    for subject in subjects:
        for name in (subject.name, subject.route):
            with suppress(StudyError):
                return resolve(name).vendor
    return "AI"


def _scene(cell: Cell, vendor: str) -> Scene | None:
    try:
        return scene(load(cell.scenario), cell.levels, {"vendor": vendor})
    except StudyError:
        return None


def _proof(pair: Pair, vendor: str) -> Proof:
    try:
        return Proof(pair, prove(pair, {"vendor": vendor}))
    except StudyError as e:
        return Proof(pair, (), str(e))


def _dates(results: Results) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for run in results.runs:
        if run.started:
            first, last = found.get(run.subject, (run.started, run.started))
            found[run.subject] = (min(first, run.started), max(last, run.started))
    return found


def _endings(results: Results) -> Sequence[str]:
    return sorted({ending for s in results.subjects for ending in s.endings})
