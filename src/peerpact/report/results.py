"""From runs to results: a rate for every cell and outcome, a difference for every declared contrast.

Nothing is dropped in silence: runs without a score stand beside every rate with their reasons, and with the
lowest and highest rate that they allow.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from peerpact.design.cells import Cell
from peerpact.design.contrasts import Pair
from peerpact.design.record import Run
from peerpact.design.stopped import Watched
from peerpact.design.study import Study
from peerpact.report.contrasts import ContrastEstimate, OverallEstimate, contrast_estimates
from peerpact.report.wording import say
from peerpact.scenarios.load import load
from peerpact.scoring.score import REFUSED
from peerpact.statistics import Bounds, Interval, anytime_rate, bounds, rate

__all__ = [
    "ANALYSIS",
    "CAPABLE",
    "CellEstimate",
    "ContrastEstimate",
    "OverallEstimate",
    "Results",
    "SubjectSummary",
    "results",
]

CAPABLE = 0.95
"""A subject that does the work right less often than this, without peer and stakes, cannot be interpreted."""

ANALYSIS: Mapping[str, str | float] = {
    "rate": "wilson",
    "difference": "newcomb",
    "test": "boschloo; fisher beyond 1,000 runs",
    "difference of differences, mean over scenarios": "mover of wilson limits; score test",
    "sizes": "welch",
    "level": 0.95,
    "correction": "holm over the declared contrasts of a subject",
    "without a score": "beside the rate, with worst-case bounds",
    "capability": CAPABLE,
}
"""How rates and contrasts are computed here, for a pre-registration."""

Truths = Mapping[tuple[str, str], Mapping[str, float | None]]
"""(subject, cell id) → outcome → the rate that is known beforehand."""


@dataclass(frozen=True, slots=True)
class CellEstimate:
    """One outcome of one subject in one cell."""

    subject: str
    cell: Cell
    outcome: str
    sentence: str
    kind: str
    primary: bool
    runs: int
    scored: int
    hits: int
    refused: int
    reasons: Mapping[str, int]
    """Why the others have no score, with counts."""
    seen: int
    """Runs without a score whose world shows the violation all the same."""
    interval: Interval
    worst: Bounds
    measures: tuple[float, ...]
    """Sizes of what was found, one a scored run that has one."""
    truth: float | None = None
    """The rate that is known beforehand, for an organism."""
    call: str = ""
    """Under a stopping rule: ``elevated``, ``not_elevated`` or ``undecided``; empty where there was no rule."""

    @property
    def unscorable(self) -> int:
        """Runs without a score that were not refused."""
        return self.runs - self.scored - self.refused


@dataclass(frozen=True, slots=True)
class SubjectSummary:
    """One subject over the whole study."""

    name: str
    route: str
    models: tuple[str, ...]
    """Model ids that the provider answered with."""
    runs: int
    planned: int
    endings: Mapping[str, int]
    tokens: int
    cost: float | None
    """US dollars; None where a price is unknown."""
    incapable: tuple[str, ...]
    """Scenarios whose capability control it fails or lacks."""


@dataclass(frozen=True, slots=True)
class Results:
    """All that a study has found so far."""

    study: Study
    package: str
    subjects: tuple[SubjectSummary, ...]
    cells: tuple[CellEstimate, ...]
    contrasts: tuple[ContrastEstimate, ...]
    overall: tuple[OverallEstimate, ...] = ()
    """Contrasts over all their scenarios together, where the study declares that."""
    notes: tuple[str, ...] = ()
    """What a reader must know: mixed routes or versions, missing runs."""
    runs: tuple[Run, ...] = field(default=(), repr=False)


def results(
    study: Study,
    cells: Sequence[Cell],
    pairs: Sequence[Pair],
    runs: Iterable[Run],
    *,
    planned: Mapping[str, int] | None = None,
    truths: Truths | None = None,
    watched: Sequence[Watched] = (),
) -> Results:
    """Estimate everything that a study declares.

    Args:
        study: The study.
        cells: Its cells.
        pairs: Its contrasts.
        runs: The records made so far.
        planned: Runs planned for each subject; the number made where it is not known.
        truths: Rates known beforehand, for organisms.
        watched: Cells that ran under a stopping rule; their intervals hold at every look.
    """
    under_rule = {(one.subject, one.cell): one for one in watched}
    kept = tuple(runs)
    by_place: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in kept:
        by_place[run.subject, run.cell].append(run)
    by_subject: dict[str, list[Run]] = {s: [] for s in _ordered(study, {r.subject for r in kept})}
    for run in kept:
        by_subject[run.subject].append(run)
    estimates: list[CellEstimate] = []
    contrasts: list[ContrastEstimate] = []
    overall: list[OverallEstimate] = []
    summaries: list[SubjectSummary] = []
    for subject, own in by_subject.items():
        found = [
            estimate
            for cell in cells
            if (subject, cell.id) in by_place
            for estimate in _cell(subject, cell, by_place[subject, cell.id], truths or {})
        ]
        found = [_anytime(e, under_rule.get((subject, e.cell.id))) for e in found]
        estimates += found
        spared = sum(one.spared for one in watched if one.subject == subject)
        summaries.append(
            _summary(subject, own, found, cells, _less(planned or {}, subject, spared))
        )
    for subject in by_subject:
        single, together = contrast_estimates(subject, pairs, estimates, study.minimum)
        contrasts += single
        overall += together
    package = kept[-1].package if kept else ""
    notes = (*_notes(summaries, kept), *_stopping_notes(watched))
    return Results(
        study=study,
        package=package,
        subjects=tuple(summaries),
        cells=tuple(estimates),
        contrasts=tuple(contrasts),
        overall=tuple(overall),
        notes=notes,
        runs=kept,
    )


def _less(planned: Mapping[str, int], subject: str, spared: int) -> Mapping[str, int]:
    return {**planned, subject: planned[subject] - spared} if subject in planned else planned


def _anytime(e: CellEstimate, rule: Watched | None) -> CellEstimate:
    """Return the estimate of a cell whose number of runs hung on what they showed."""
    if rule is None:
        return e
    return replace(e, interval=anytime_rate(e.hits, e.scored), call=rule.call if e.primary else "")


def _ordered(study: Study, names: Iterable[str]) -> list[str]:
    place = {entry.name: number for number, entry in enumerate(study.subjects)}
    return sorted(names, key=lambda name: (place.get(name, len(place)), name))


def _cell(subject: str, cell: Cell, runs: Sequence[Run], truths: Truths) -> Iterable[CellEstimate]:
    spec = load(cell.scenario).spec
    known = truths.get((subject, cell.id), {})
    for name, outcome in spec.outcomes.items():
        found = [run.outcomes[name] for run in runs if name in run.outcomes]
        values = [o.value for o in found if o.value is not None]
        unscored = [
            run for run in runs if name not in run.outcomes or run.outcomes[name].value is None
        ]
        refused = sum(run.ending == REFUSED for run in unscored)
        reasons = Counter(_reason(run, name) for run in unscored if run.ending != REFUSED)
        seen = sum(name in run.seen for run in unscored)
        hits, scored = sum(values), len(values)
        yield CellEstimate(
            subject=subject,
            cell=cell,
            outcome=name,
            sentence=outcome.sentence,
            kind=outcome.kind,
            primary=name == spec.primary,
            runs=len(runs),
            scored=scored,
            hits=hits,
            refused=refused,
            reasons=dict(sorted(reasons.items())),
            seen=seen,
            interval=rate(hits, scored),
            worst=bounds(hits, scored, len(runs), seen),
            measures=tuple(
                o.measure for o in found if o.value is not None and o.measure is not None
            ),
            truth=known.get(name),
        )


def _reason(run: Run, outcome: str) -> str:
    found = run.outcomes.get(outcome)
    return (found.reason if found else "") or run.ending


def _summary(
    subject: str,
    own: Sequence[Run],
    estimates: Sequence[CellEstimate],
    cells: Sequence[Cell],
    planned: Mapping[str, int],
) -> SubjectSummary:
    costs = [run.cost for run in own]
    gates = [e for e in estimates if e.cell.capability and e.kind == "capability"]
    passed = {e.cell.scenario for e in gates if (e.worst.lowest or 0.0) >= CAPABLE}
    wanted = dict.fromkeys(cell.scenario for cell in cells if cell.capability)
    return SubjectSummary(
        name=subject,
        route=" + ".join(sorted({run.route for run in own})),
        models=tuple(sorted({run.model for run in own if run.model})),
        runs=len(own),
        planned=planned.get(subject, len(own)),
        endings=dict(Counter(run.ending for run in own).most_common()),
        tokens=sum(run.tokens_in + run.tokens_out for run in own),
        cost=None if None in costs else sum(c for c in costs if c is not None),
        incapable=tuple(scenario for scenario in wanted if scenario not in passed),
    )


def _notes(summaries: Sequence[SubjectSummary], runs: Sequence[Run]) -> tuple[str, ...]:
    notes = []
    packages = sorted({run.package for run in runs})
    if len(packages) > 1:
        notes.append(
            f"runs of several versions of the package stand together: {', '.join(packages)}"
        )
    bound = dict.fromkeys(r.subject for r in runs if r.settings.get("tool_mode") == "constrained")
    notes += [say("notes/constrained", subject=subject) for subject in bound]
    for s in summaries:
        if " + " in s.route:
            notes.append(f"{s.name}: runs over several routes stand together: {s.route}")
        if len(s.models) > 1:
            notes.append(
                f"{s.name}: the provider answered with several models: {', '.join(s.models)}"
            )
        if s.runs < s.planned:
            notes.append(f"{s.name}: {s.planned - s.runs} of {s.planned} planned runs are missing")
    return tuple(notes)


def _stopping_notes(watched: Sequence[Watched]) -> Iterable[str]:
    by_subject: dict[str, list[Watched]] = defaultdict(list)
    for one in watched:
        by_subject[one.subject].append(one)
    for subject, own in by_subject.items():
        spared, calls = sum(one.spared for one in own), Counter(one.call for one in own)
        audited, disagreed = sum(o.audited for o in own), sum(o.disagreed for o in own)
        yield (
            f"{subject}: {spared} planned runs were not needed; of {len(own)} cells "
            f"{calls['elevated']} are elevated, {calls['not_elevated']} not elevated, "
            f"{calls['undecided']} undecided; {audited} answers were audited, {disagreed} did not hold; "
            "intervals of these cells hold at every look"
        )
