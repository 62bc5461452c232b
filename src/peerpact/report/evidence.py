"""Evidence: for each place of the study (a subject in a cell) its runs, and some of them turn by turn.

Ten runs of a place are drawn by the study's seed, so that a reader sees more than the best story; besides
them stand runs that show the violation. What does not fit the page's budget is counted, and the page says
where it lies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from peerpact.canonical import digest
from peerpact.design.cells import Cell
from peerpact.design.record import Run
from peerpact.report.acts import Acted, acted, scene_of
from peerpact.report.embedding import Pack
from peerpact.report.extras import PageExtras, Transcripts
from peerpact.report.logs import log_file
from peerpact.report.results import CellEstimate, Results
from peerpact.scenarios.scene import Scene
from peerpact.scoring import Outcome, Words
from peerpact.scoring.score import REFUSED

__all__ = ["DRAWN", "SHOWN", "VIOLATES", "Evidence", "Place", "evidence"]

DRAWN = 10
"""Runs drawn at random in each place."""
SHOWN = 5
"""Runs that show the violation, besides those."""
VIOLATES, SEEN = "v", "s"


@dataclass(frozen=True, slots=True)
class Place:
    """One subject in one cell, with its runs."""

    subject: str
    cell: str
    strip: str
    """One letter a run: v shows it, o does not, r refused, u no score, s seen though not scored."""
    kept: tuple[tuple[int, str, str], ...]
    """Position in the strip, identity, and why it is here: ``drawn`` or ``shows``."""
    block: str
    """The kept runs, compressed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of a page."""

    places: tuple[Place, ...]
    runs: int
    kept: int
    bytes: int
    strays: int
    """Runs of cells that the study no longer has."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The runs of a place in the order in which they are kept as long as there is room."""

    subject: str
    cell: Cell
    primary: str
    runs: tuple[Run, ...]
    order: tuple[tuple[int, str], ...]


def evidence(results: Results, extras: PageExtras) -> Evidence:
    """Choose runs, find the call in which it happened, and pack them within the page's room."""
    primary = {(e.subject, e.cell.id): e for e in results.cells if e.primary}
    by_place: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in results.runs:
        by_place[run.subject, run.cell].append(run)
    wanted = [
        _wanted(primary[key], runs, results.study.seed)
        for key, runs in by_place.items()
        if key in primary
    ]
    order = {(e.subject, e.cell.id): i for i, e in enumerate(results.cells)}
    wanted.sort(key=lambda w: order[w.subject, w.cell.id])
    places = tuple(_places(wanted, extras))
    return Evidence(
        places=places,
        runs=len(results.runs),
        kept=sum(len(p.kept) for p in places),
        bytes=sum(len(p.block) for p in places),
        strays=sum(len(runs) for key, runs in by_place.items() if key not in primary),
    )


def letter(run: Run, outcome: str) -> str:
    """Return what a run shows of an outcome, as one letter."""
    found = run.outcomes.get(outcome)
    if found is not None and found.value is not None:
        return VIOLATES if found.value else "o"
    if outcome in run.seen:
        return SEEN
    return "r" if run.ending == REFUSED else "u"


def _wanted(estimate: CellEstimate, runs: list[Run], seed: int) -> _Wanted:
    ordered = tuple(sorted(runs, key=lambda run: (run.replicate, run.identity)))
    ranks = sorted(range(len(ordered)), key=lambda i: digest([seed, ordered[i].identity]))
    drawn = ranks[:DRAWN]
    shows = [i for i in ranks if letter(ordered[i], estimate.outcome) in {VIOLATES, SEEN}]
    others = [i for i in shows if i not in drawn][:SHOWN]
    first = shows[:1] or drawn[:1]
    rest = [i for i in (*drawn, *others) if i not in first]
    order = tuple((i, "drawn" if i in drawn else "shows") for i in (*first, *rest))
    return _Wanted(estimate.subject, estimate.cell, estimate.outcome, ordered, order)


def _places(wanted: Sequence[_Wanted], extras: PageExtras) -> Iterator[Place]:
    left = extras.evidence_bytes
    for number, place in enumerate(wanted):
        made = _place(place, extras, left / (len(wanted) - number))
        left -= len(made.block)
        yield made


def _place(place: _Wanted, extras: PageExtras, room: float) -> Place:
    chosen = [place.runs[i] for i, _ in place.order]
    full = _full(chosen, extras.transcripts)
    met = cache(partial(_met, place))
    usual = place.runs[0].wording
    pack = Pack({"prompts": _prompts(met(usual))}, room)
    kept = []
    for (position, why), run in zip(place.order, chosen, strict=True):
        found = full.get(run.identity)
        if found is None:
            continue
        scene = met(run.wording)
        own = {} if run.wording == usual else {"prompts": _prompts(scene)}
        if not pack.add({**_story(found, scene), **own, "view": log_file(extras.logs, found)}):
            break
        kept.append((position, run.identity, why))
    strip = "".join(letter(run, place.primary) for run in place.runs)
    block = pack.text() if kept else ""
    return Place(place.subject, place.cell.id, strip, tuple(kept), block)


def _full(runs: Sequence[Run], transcripts: Transcripts | None) -> Mapping[str, Run]:
    if transcripts is None:
        return {run.identity: run for run in runs}
    return transcripts([run.identity for run in runs])


def _met(place: _Wanted, wording: int) -> Scene | None:
    return scene_of(place.cell, place.subject, place.runs[0].route, wording=wording)


def _prompts(scene: Scene | None) -> dict[str, str] | None:
    return None if scene is None else {"system": scene.system, "user": scene.user}


def _story(run: Run, scene: Scene | None) -> dict[str, Any]:
    """Return a run as the page tells it: outcomes with the call that brought them, turns, changes."""
    again = acted(run, scene) if scene is not None else None
    outcomes = {name: _outcome(o, again) for name, o in run.outcomes.items()}
    changes = [
        {**c, "calls": list(again.calls_by_path.get(c["path"], ())) if again else None}
        for c in run.changes
    ]
    plain = (
        "identity",
        "replicate",
        "wording",
        "ending",
        "detail",
        "turns",
        "seconds",
        "started",
        "log",
        "sample",
    )
    more = ("package", "version", "route", "model", "cost")
    return {
        **{name: getattr(run, name) for name in (*plain, *more)},
        "tokens": run.tokens_in + run.tokens_out,
        "settings": dict(run.settings),
        "seen": list(run.seen),
        "outcomes": outcomes,
        "turn_list": _turns(run),
        "changes": changes,
        "acted": again is not None,
    }


def _outcome(found: Outcome, again: Acted | None) -> dict[str, Any]:
    return {
        "value": found.value,
        "measure": found.measure,
        "reason": found.reason,
        "evidence": found.evidence,
        "call": again.call_of(found.evidence) if again and found.value else None,
    }


def _turns(run: Run) -> list[dict[str, Any]]:
    """Return, by turn, what the subject thought, said and called."""
    spoken = {words.turn: words for words in run.said}
    calls: dict[int, list[Any]] = defaultdict(list)
    for call in run.calls:
        calls[int(call["turn"])].append(dict(call))
    numbers = sorted({*calls, *spoken})
    return [_turn(n, spoken.get(n), calls.get(n, [])) for n in numbers]


def _turn(number: int, spoken: Words | None, calls: list[Any]) -> dict[str, Any]:
    words = spoken or Words(number, "")
    return {"turn": number, "said": words.text, "thought": words.reasoning, "calls": calls}
