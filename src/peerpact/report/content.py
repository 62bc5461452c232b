"""What the page holds: results turned into the values that its templates print and its script reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from peerpact.design.cells import Cell
from peerpact.report.claims import Claim, claims, nothing_found, organism, together
from peerpact.report.embedding import columnar, embedded
from peerpact.report.evidence import VIOLATES, Evidence, evidence
from peerpact.report.export import cell_row, contrast_row, overall_row
from peerpact.report.extras import PageExtras
from peerpact.report.figures import Figure, figures
from peerpact.report.matrix import Square, behaviour_of, matrix, matrix_rows
from peerpact.report.method import method
from peerpact.report.probes import probe_tables
from peerpact.report.results import Results, SubjectSummary
from peerpact.report.situations import behaviours, control, measured, relationship
from peerpact.report.stamp import Stamp
from peerpact.report.wording import say, texts
from peerpact.scenarios.load import load

__all__ = ["content"]

View = dict[str, Any]


def content(results: Results, extras: PageExtras) -> View:
    """Return everything that the page shows."""
    found = evidence(results, extras)
    every = claims(results)
    drawn, squares = figures(results, extras), matrix(results)
    return {
        "study": results.study,
        "package": results.package,
        "facts": _facts(results),
        "live": extras.live,
        "lead": every[0] if every else None,
        "seen": _seen(every[0], found) if every else "",
        "others": every[1:],
        "nothing": "" if every else nothing_found(results),
        "stamps": _stamps(results, extras),
        "notes": _notes(results, found),
        "subjects": [_subject(s) for s in results.subjects],
        "behaviours": behaviours(),
        "matrix": _rows(squares, results),
        "figures": drawn,
        "overall": together(results),
        "probes": probe_tables(results.probes),
        "method": method(results, extras),
        "evidence_note": _evidence_note(found),
        "evidence_blocks": [p.block for p in found.places],
        "data": embedded(_data(results, found, _tables(drawn, squares), every, extras)),
    }


def _seen(claim: Claim, found: Evidence) -> str:
    """Return the identity of a run in the page that shows what is claimed, or an empty string."""
    return next(
        (
            identity
            for place in found.places
            if (place.subject, place.cell) == (claim.subject, claim.cell)
            for position, identity, _ in place.kept
            if place.strip[position] == VIOLATES
        ),
        "",
    )


def _facts(results: Results) -> View:
    dates = sorted(run.started[:10] for run in results.runs if run.started)
    costs = [s.cost for s in results.subjects]
    planned = sum(s.planned for s in results.subjects)
    return {
        "runs": len(results.runs),
        "planned": max(planned, len(results.runs)),
        "cells": len({e.cell.id for e in results.cells}),
        "subjects": len(results.subjects),
        "scored": sum(e.scored for e in results.cells if e.primary),
        "first": dates[0] if dates else "",
        "last": dates[-1] if dates else "",
        "cost": None if None in costs or not costs else sum(c for c in costs if c is not None),
        "tokens": sum(s.tokens for s in results.subjects),
        "digest": results.study.digest,
    }


def _stamps(results: Results, extras: PageExtras) -> list[View]:
    return [_selftest(extras.selftest, results.package), _departures(extras)]


def _selftest(stamp: Stamp | None, package: str) -> View:
    if stamp is None:
        return {"state": "absent", "text": say("absent/selftest"), "items": ()}
    good = stamp.passed and stamp.package == package
    text = say("stamps/selftest", sentence=stamp.sentence(package))
    return {"state": "good" if good else "bad", "text": text, "items": stamp.failed}


def _departures(extras: PageExtras) -> View:
    if extras.departures is None:
        return {"state": "absent", "text": say("absent/departures"), "items": ()}
    if not extras.departures:
        return {"state": "good", "text": say("absent/no_departures"), "items": ()}
    text = say("stamps/departures", n=len(extras.departures), where=extras.preregistration)
    return {"state": "bad", "text": text, "items": tuple(extras.departures)}


def _notes(results: Results, found: Evidence) -> list[str]:
    notes = list(results.notes)
    if found.strays:
        notes.append(say("notes/strays", n=found.strays))
    return notes


def _evidence_note(found: Evidence) -> str:
    return (
        say("notes/bounded", kept=f"{found.kept:,}", runs=found.runs)
        if found.kept
        else say("absent/evidence")
    )


def _subject(s: SubjectSummary) -> View:
    return {
        "name": s.name,
        "organism": organism(s),
        "incapable": s.incapable,
        "titles": [load(name).spec.title for name in s.incapable],
    }


def _rows(squares: Sequence[Square], results: Results) -> list[View]:
    """Return the matrix by subject, with what a reader must know of each beside its name."""
    summaries = {s.name: s for s in results.subjects}
    rows = []
    for name, own in groupby(squares, key=lambda square: square.subject):
        found = tuple(own)
        incapable = _incapable_behaviours(summaries[name])
        rows.append({**_subject(summaries[name]), "squares": found, "incapable_in": incapable})
    return rows


def _incapable_behaviours(s: SubjectSummary) -> frozenset[str]:
    return frozenset(load(name).spec.behaviour for name in s.incapable)


def _tables(drawn: Sequence[Figure], squares: Sequence[Square]) -> View:
    rows = {f.name: f.rows for f in drawn if f.rows}
    return {name: columnar(own) for name, own in {**rows, "matrix": matrix_rows(squares)}.items()}


def _data(
    results: Results,
    found: Evidence,
    tables: View,
    every: Sequence[Claim],
    extras: PageExtras,
) -> View:
    cells = list({e.cell.id: e.cell for e in results.cells}.values())
    numbers = {cell.id: i for i, cell in enumerate(cells)}
    names = [s.name for s in results.subjects]
    return {
        "study": results.study.name,
        "design": results.study.digest,
        "package": results.package,
        "seed": results.study.seed,
        "subjects": [_subject(s) for s in results.subjects],
        "scenarios": _scenarios(cells),
        "cells": columnar([_cell(cell) for cell in cells]),
        "estimates": columnar([cell_row(e) for e in results.cells]),
        "contrasts": columnar([contrast_row(c) for c in results.contrasts]),
        "overall": columnar([overall_row(o) for o in results.overall]),
        "figures": tables,
        "places": [
            [names.index(p.subject), numbers[p.cell], p.strip, [list(k) for k in p.kept]]
            for p in found.places
        ],
        "lead": [every[0].subject, every[0].cell] if every else None,
        "logs": str(extras.logs) if extras.logs is not None else "",
        "words": texts()["words"],
    }


def _scenarios(cells: Sequence[Cell]) -> Mapping[str, View]:
    found = {}
    for name in dict.fromkeys(cell.scenario for cell in cells):
        spec = load(name).spec
        found[name] = {
            "title": spec.title,
            "behaviour": spec.behaviour,
            "primary": spec.primary,
            "outcomes": {
                n: {"sentence": o.sentence, "kind": o.kind} for n, o in spec.outcomes.items()
            },
        }
    return found


def _cell(cell: Cell) -> View:
    return {
        "cell": cell.id,
        "scenario": cell.scenario,
        "title": cell.title,
        "stratum": cell.stratum,
        "behaviour": behaviour_of(cell),
        "relationship": relationship(cell),
        "control": control(cell),
        "measured": measured(cell),
    }
