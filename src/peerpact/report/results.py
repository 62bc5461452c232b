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
from peerpact.design.journal import FAILED, UNFINISHED
from peerpact.design.record import Run
from peerpact.design.stopped import Watched
from peerpact.design.study import Study
from peerpact.report.contrasts import ContrastEstimate, OverallEstimate, contrast_estimates
from peerpact.report.gaps import faults, gaps, mixtures, without_values
from peerpact.report.judging import Judging, judging
from peerpact.report.probes import Stratum, partly_asked, shares, strata
from peerpact.report.screening import with_shrunk
from peerpact.report.stopping import ended, spared, stopping_notes
from peerpact.report.told import difference_over, outcomes_by_wording, rate_over
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

POOLED = "hierarchical_logit"
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
    "screen": "benjamini-hochberg over the same contrasts",
    "shrinkage": "beta-binomial over the cells of one arm",
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
    understood: Interval | None = None
    """Share of the runs that answered the comprehension probe rightly; None where none was asked."""
    wordings: int = 1
    """Wordings in which the scored runs were told."""
    over: Interval | None = None
    """The rate over wordings like these, which only more wordings make precise; None where there is one wording,
    or where the number of runs hung on what they showed."""
    shrunk: Interval | None = None
    """The rate pulled towards those of the same arm elsewhere; None where fewer than three cells are alike."""
    watched: Watched | None = None
    """What a stopping rule made of its cell; its interval then holds at every look."""

    @property
    def call(self) -> str:
        """``elevated``, ``not_elevated`` or ``undecided``; empty without a stopping rule, or off its outcome."""
        return self.watched.call if self.watched is not None and self.primary else ""

    @property
    def ended(self) -> str:
        """Why a cell under a stopping rule has the runs that it has; empty without one."""
        return ended(self.watched, self.runs) if self.watched is not None and self.primary else ""

    @property
    def pooled(self) -> Interval | None:
        """The rate as the cells that the design declares exchangeable show it together."""
        w = self.watched
        if w is None or not self.primary or w.value is None or w.low is None or w.high is None:
            return None
        return Interval(w.value, w.low, w.high, 0.95, POOLED, self.scored)

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
    """Scenarios of which it has runs, and whose capability control it fails or lacks."""
    judging: Judging | None = None
    """The part of tokens and cost that the judge of refusals used; None where nobody asked one."""


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
    probes: tuple[Stratum, ...] = ()
    """Primary outcomes by what subjects said of the scene; empty where nobody was asked."""
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
    made = {place: len(there) for place, there in by_place.items()}
    estimates: list[CellEstimate] = []
    contrasts: list[ContrastEstimate] = []
    overall: list[OverallEstimate] = []
    summaries: list[SubjectSummary] = []
    for subject, own in by_subject.items():
        found = [
            estimate
            for cell in cells
            if (subject, cell.id) in by_place
            for estimate in _cell(
                subject, cell, by_place[subject, cell.id], truths or {}, study.seed
            )
        ]
        found = with_shrunk(found)
        found = [_anytime(e, under_rule.get((subject, e.cell.id))) for e in found]
        estimates += found
        needless = spared([one for one in watched if one.subject == subject], made)
        summaries.append(
            _summary(subject, own, found, cells, _less(planned or {}, subject, needless))
        )
    for subject in by_subject:
        single, together = contrast_estimates(subject, pairs, estimates, study.minimum)
        contrasts += [_over_wordings(c, by_place, study.seed) for c in single]
        overall += together
    package = kept[-1].package if kept else ""
    probes = strata(kept, cells, study.minimum, under_rule)
    understood = shares(probes)
    estimates = [
        replace(e, understood=understood.get((e.subject, e.cell.id))) if understood else e
        for e in estimates
    ]
    there = {s.name: {cell for subject, cell in made if subject == s.name} for s in summaries}
    notes = (
        *mixtures(summaries, kept),
        *gaps(study, cells, pairs, there),
        *without_values(estimates),
        *faults(estimates),
        *stopping_notes(watched, made),
    )
    return Results(
        study=study,
        package=package,
        subjects=tuple(summaries),
        cells=tuple(estimates),
        contrasts=tuple(contrasts),
        overall=tuple(overall),
        notes=(*notes, *partly_asked(kept)),
        probes=probes,
        runs=kept,
    )


def _less(planned: Mapping[str, int], subject: str, needless: int) -> Mapping[str, int]:
    return {**planned, subject: planned[subject] - needless} if subject in planned else planned


def _anytime(e: CellEstimate, rule: Watched | None) -> CellEstimate:
    """Return the estimate of a cell whose number of runs hung on what they showed."""
    if rule is None:
        return e
    return replace(e, interval=anytime_rate(e.hits, e.scored), over=None, watched=rule)


def _ordered(study: Study, names: Iterable[str]) -> list[str]:
    place = {entry.name: number for number, entry in enumerate(study.subjects)}
    return sorted(names, key=lambda name: (place.get(name, len(place)), name))


def _cell(
    subject: str, cell: Cell, runs: Sequence[Run], truths: Truths, seed: int
) -> Iterable[CellEstimate]:
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
        told = outcomes_by_wording(runs, name)
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
            wordings=len({wording for _, wording in told}),
            over=rate_over(told, seed),
        )


def _over_wordings(
    c: ContrastEstimate, runs: Mapping[tuple[str, str], Sequence[Run]], seed: int
) -> ContrastEstimate:
    """Add what a contrast is over wordings, where both arms were told in several and nothing stopped them."""
    if c.base or c.difference is None or c.source.over is None or c.to.over is None:
        return c
    source, to = (
        outcomes_by_wording(runs[e.subject, e.cell.id], e.outcome) for e in (c.source, c.to)
    )
    return replace(c, over=difference_over(source, to, seed))


def _reason(run: Run, outcome: str) -> str:
    found = run.outcomes.get(outcome)
    why = "" if run.ending in FAILED | UNFINISHED or found is None else found.reason
    return why or run.ending


def _summary(
    subject: str,
    own: Sequence[Run],
    estimates: Sequence[CellEstimate],
    cells: Sequence[Cell],
    planned: Mapping[str, int],
) -> SubjectSummary:
    costs = [run.spent for run in own]
    gates = [e for e in estimates if e.cell.capability and e.kind == "capability"]
    passed = {e.cell.scenario for e in gates if (e.worst.lowest or 0.0) >= CAPABLE}
    met = {run.scenario for run in own}
    wanted = dict.fromkeys(c.scenario for c in cells if c.capability and c.scenario in met)
    return SubjectSummary(
        name=subject,
        route=" + ".join(sorted({run.route for run in own})),
        models=tuple(sorted({run.model for run in own if run.model})),
        runs=len(own),
        planned=planned.get(subject, len(own)),
        endings=dict(Counter(run.ending for run in own).most_common()),
        tokens=sum(run.tokens for run in own),
        cost=None if None in costs else sum(c for c in costs if c is not None),
        incapable=tuple(scenario for scenario in wanted if scenario not in passed),
        judging=judging(own),
    )
