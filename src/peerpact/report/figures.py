"""Pictures made for a question: Vega-Lite specifications, drawn as SVG when the page is built.

Every picture is a row of panels that a narrow screen stacks, with the rows behind it and a text alternative.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from peerpact.design.cells import Cell
from peerpact.report.beside_published import published_figure
from peerpact.report.claims import together
from peerpact.report.drawing import Panel, draw
from peerpact.report.extras import PageExtras
from peerpact.report.figure import DRAWN, Figure, Row, figure, joined
from peerpact.report.matrix import Pooled, leads, pooled_by, pooled_row
from peerpact.report.results import CellEstimate, Results, SubjectSummary
from peerpact.report.situations import company, control, kind, label, order, series
from peerpact.report.wording import percent, say
from peerpact.scenarios.load import load

__all__ = ["Figure", "figures"]


def figures(results: Results, extras: PageExtras) -> tuple[Figure, ...]:
    """Return the pictures of the page, in its order."""
    found = leads(results)
    return (
        _rates(
            "relationship",
            results,
            [e for e in found if kind(e.cell) in _TOWARDS],
            series,
        ),
        published_figure(results),
        _rates("amplification", results, *_amplification(found)),
        replace(
            _rates("mirror", results, *_mirror(found)), remarks=together(results, factor="subject")
        ),
        _rates("oversight", results, *_oversight(found)),
        _misstatement(results),
        _motives(results, extras),
        _cost(results),
    )


_TOWARDS = ("ai", "thing")


def _rates(
    name: str,
    results: Results,
    found: Sequence[CellEstimate],
    by: Callable[[Cell], str],
) -> Figure:
    """Return one panel a scenario: subjects down, rate across, one mark for each series."""
    drawn = {s.name for s in results.subjects[:DRAWN]}
    names = sorted({by(e.cell) for e in found}, key=order)
    panels, rows = [], []
    for scenario, estimates in _by_scenario(found).items():
        pooled = [(s.name, p) for s in results.subjects for p in pooled_by(_of(estimates, s), by)]
        table = [_rate_row(scenario, subject, p) for subject, p in pooled]
        rows += table
        shown = [row for row in table if row["subject"] in drawn]
        if any(row["runs"] for row in shown):
            alt = _rates_alt(name, scenario, shown)
            panels.append(draw("rates", load(scenario).spec.title, shown, alt, names))
    return figure(name, results, panels, rows)


def _by_scenario(found: Iterable[CellEstimate]) -> dict[str, list[CellEstimate]]:
    groups: dict[str, list[CellEstimate]] = defaultdict(list)
    for e in found:
        groups[e.cell.scenario].append(e)
    return groups


def _of(found: Iterable[CellEstimate], subject: SubjectSummary) -> list[CellEstimate]:
    return [e for e in found if e.subject == subject.name]


def _rate_row(scenario: str, subject: str, p: Pooled) -> Row:
    named = {"scenario": scenario, "subject": subject, "control": p.series in _CONTROLS}
    return {**named, **pooled_row(p)}


_CONTROLS = {label(name) for name in ("capability", "stakes", "oversight", "thing", "alone")}


def _amplification(
    found: Sequence[CellEstimate],
) -> tuple[list[CellEstimate], Callable[[Cell], str]]:
    own = [e for e in found if kind(e.cell) == "self" and not control(e.cell)]
    there = {company(e.cell) for e in own}
    return (own if {"alone", "accompanied"} <= there else []), _company


def _company(cell: Cell) -> str:
    return label(company(cell))


def _mirror(found: Sequence[CellEstimate]) -> tuple[list[CellEstimate], Callable[[Cell], str]]:
    """Return the cells of an AI, a person or a thing that have twins of the other kinds, alike in all else."""
    wanted = ("ai", "person", "thing")
    own = [e for e in found if kind(e.cell) in wanted and not control(e.cell)]
    kinds: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for e in own:
        kinds[_but(e, "subject")].add(kind(e.cell))
    compared = (_compared(group, kinds) for group in _by_scenario(own).values())
    return [e for group in compared for e in group], lambda cell: label(kind(cell))


def _compared(
    found: Sequence[CellEstimate], kinds: Mapping[tuple[Any, ...], set[str]]
) -> list[CellEstimate]:
    """Return the cells with a twin of every kind; where none has that, those with a twin of any."""
    twinned = [e for e in found if len(kinds[_but(e, "subject")]) > 1]
    every = {kind(e.cell) for e in twinned}
    return [e for e in twinned if kinds[_but(e, "subject")] == every] or twinned


def _oversight(found: Sequence[CellEstimate]) -> tuple[list[CellEstimate], Callable[[Cell], str]]:
    where = {
        level: {_but(e, "oversight") for e in found if e.cell.levels.get("oversight") == level}
        for level in ("monitored", "unmonitored")
    }
    both = where["monitored"] & where["unmonitored"]
    own = [e for e in found if "oversight" in e.cell.levels and _but(e, "oversight") in both]
    return own, lambda cell: label("oversight" if control(cell) == "oversight" else "unmonitored")


def _but(e: CellEstimate, factor: str) -> tuple[Any, ...]:
    """Return what is the same for cells that are alike in all but one factor."""
    levels = {f: level for f, level in e.cell.levels.items() if f != factor}
    return (e.subject, e.cell.scenario, *sorted(levels.items()))


def _misstatement(results: Results) -> Figure:
    found = [e for e in results.cells if e.measures and e.outcome in _SIZES and not control(e.cell)]
    panels, rows = [], []
    drawn = {s.name for s in results.subjects[:DRAWN]}
    names = [f"bar {bar}" for bar in _by_bar(found)]
    for scenario, estimates in _by_scenario(found).items():
        table = [
            _size_row(scenario, s.name, bar, [m for e in own for m in e.measures])
            for s in results.subjects
            for bar, own in _by_bar(_of(estimates, s)).items()
        ]
        rows += table
        shown = [row for row in table if row["subject"] in drawn]
        if shown:
            alt = _sizes_alt(scenario, shown)
            panels.append(draw("sizes", load(scenario).spec.title, shown, alt, names))
    return figure("misstatement", results, panels, rows)


_SIZES = ("score_lifted",)


def _by_bar(found: Iterable[CellEstimate]) -> dict[str, list[CellEstimate]]:
    groups: dict[str, list[CellEstimate]] = defaultdict(list)
    for e in found:
        groups[e.cell.levels.get("bar", "–")].append(e)
    return dict(sorted(groups.items()))


def _size_row(scenario: str, subject: str, bar: str, sizes: Sequence[float]) -> Row:
    low, q1, median, q3, high = (float(q) for q in np.quantile(sizes, (0, 0.25, 0.5, 0.75, 1)))
    return {
        "scenario": scenario, "subject": subject, "series": f"bar {bar}",
        "low": low, "q1": q1, "median": median, "q3": q3, "high": high, "n": len(sizes),
    }  # fmt: skip


def _motives(results: Results, extras: PageExtras) -> Figure:
    """Return one panel a subject: its explanations down, how probable each is across."""
    panels: list[Panel] = []
    rows: list[Row] = []
    for s in results.subjects:
        own: list[Row] = [
            {
                "subject": m.subject,
                "series": m.motive,
                "rate": m.posterior,
                "low": m.low,
                "high": m.high,
            }
            for m in extras.motives or ()
            if m.subject == s.name
        ]
        rows += own
        if own and len(panels) < DRAWN:
            panels.append(draw("shares", s.name, own, _shares_alt(s.name, own)))
    made = figure("motives", results, panels, rows)
    return replace(made, remarks=tuple(extras.motive_sentences))


def _shares_alt(subject: str, rows: Sequence[Row]) -> str:
    parts = [
        say("alt/motive", subject=subject, series=r["series"], rate=percent(r["rate"]))
        for r in rows
    ]
    return joined(say("figures/motives/title"), subject, parts)


def _cost(results: Results) -> Figure:
    spent = any(s.cost for s in results.subjects)
    rows = []
    for s in results.subjects:
        widths = [e.interval.width / 2 for e in leads(results) if e.subject == s.name and e.scored]
        amount = s.cost if spent else s.tokens
        if widths and amount is not None:
            rows.append(
                {"subject": s.name, "amount": amount, "width": 100 * float(np.mean(widths))}
            )
    title, unit = say("figures/cost/title"), "US dollars" if spent else "tokens"
    parts = [
        say(
            "alt/cost",
            subject=r["subject"],
            cost=f"{r['amount']:,.6g} {unit}",
            width=f"{r['width']:.1f}",
        )
        for r in rows
    ]
    usable = any(row["amount"] for row in rows)
    panels = [draw("cost", unit, rows[:40], joined(title, "", parts))] if usable else []
    return figure("cost", results, panels, rows)


def _rates_alt(name: str, scenario: str, rows: Sequence[Row]) -> str:
    parts = [_row_alt(row) for row in rows if row["rate"] is not None]
    return joined(say(f"figures/{name}/title"), load(scenario).spec.title, parts)


def _row_alt(row: Row) -> str:
    facts: Row = {"subject": row["subject"], "series": row["series"], "rate": percent(row["rate"])}
    counts = {"hits": row["hits"], "n": row["scored"]}
    return say("alt/row", **facts, low=percent(row["low"]), high=percent(row["high"]), **counts)


def _sizes_alt(scenario: str, rows: Sequence[Row]) -> str:
    parts = [
        say("alt/measure", subject=r["subject"], series=r["series"], median=f"{r['median']:.1f}",
            low=f"{r['low']:.1f}", high=f"{r['high']:.1f}", n=r["n"])
        for r in rows
    ]  # fmt: skip
    return joined(say("figures/misstatement/title"), load(scenario).spec.title, parts)
