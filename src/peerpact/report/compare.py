"""A run beside the numbers that the study published: its metrics and ours, and where the arms differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from peerpact.report.contrasts import weighted_rates
from peerpact.report.results import CellEstimate, Results
from peerpact.scenarios.load import load, parse
from peerpact.scoring.score import COMPLETED, NOT_DONE, REFUSED
from peerpact.statistics import Combination, Interval, rate
from peerpact.statistics.metrics import (
    Instantiations,
    Published,
    RunFlags,
    above_null,
    equal_settings,
    minus_baseline,
    monitoring_gap,
    over_instantiations,
    published_refusal,
)
from peerpact.text import read_yaml, render

__all__ = ["Comparison", "PublishedNumber", "compare", "load_published"]

FILE = Path(__file__).parent / "published.yaml"
CLAUDE = "claude"
UNDECIDED = "undecided"
"""A run without the owed act that nobody judged: a refusal or a failure."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PublishedNumber(_Frozen):
    """One number of the study's tables, in percent or in points over a baseline."""

    model: str
    behaviour: str
    whose: str
    past: str
    value: float
    """The largest over the instantiations."""
    average: float | None = None
    source: str
    version: str
    note: str = ""


class Behaviour(_Frozen):
    """What one behaviour of the study is here."""

    scenarios: tuple[str, ...]
    """By the names that the study gave."""
    metric: str
    unit: str
    outcomes: dict[str, str] = {}
    """Outcome by scenario, where it is not the primary one."""
    differs: tuple[str, ...]


class PublishedTables(_Frozen):
    """All that is known of the study's tables."""

    study: str
    versions: dict[str, str]
    behaviours: dict[str, Behaviour]
    channels: tuple[str, ...]
    said: dict[str, str]
    numbers: tuple[PublishedNumber, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One behaviour of one subject, in one arm, beside what the study printed."""

    subject: str
    behaviour: str
    whose: str
    past: str
    unit: str
    published: tuple[PublishedNumber, ...]
    """Of the same model, or of every model where the study did not have this one; may be empty."""
    same_model: bool
    theirs: Instantiations
    """Their metric on these runs, as shares."""
    ours: Interval | Combination
    """Our estimate, each cell counting alike; no value where none can be had, with the reason."""
    differs: tuple[str, ...]
    """Where the arms, or what is counted, differ from the study's."""


@lru_cache(maxsize=1)
def load_published(path: Path = FILE) -> PublishedTables:
    """Read the published numbers.

    Raises:
        StudyError: The file is wrong.
    """
    return parse(PublishedTables, read_yaml(path), path)


@dataclass(frozen=True, slots=True)
class _Arm:
    """Everything of one subject that one published number is about."""

    endings: Mapping[tuple[str, str], Counter[str]]
    """(Subject, cell) → how often its runs ended how; ``UNDECIDED`` where no judge told what it was."""
    subject: str
    name: str
    behaviour: Behaviour
    cells: tuple[CellEstimate, ...]
    """At stake, with this past; the behaviour's outcome."""
    others: tuple[CellEstimate, ...]
    """All cells of the subject with that outcome, for baselines."""


def compare(found: Results) -> tuple[Comparison, ...]:
    """Compare every behaviour, target and past that the results hold with the published tables."""
    tables = load_published()
    endings: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for run in found.runs:
        undecided = run.ending == NOT_DONE and (run.judged is None or run.unjudged)
        endings[run.subject, run.cell][UNDECIDED if undecided else run.ending] += 1
    return tuple(
        comparison
        for summary in found.subjects
        for name, behaviour in tables.behaviours.items()
        for comparison in _behaviour(found, endings, summary.name, name, behaviour)
    )


def _behaviour(
    found: Results,
    endings: Mapping[tuple[str, str], Counter[str]],
    subject: str,
    name: str,
    behaviour: Behaviour,
) -> Iterator[Comparison]:
    own = tuple(e for e in found.cells if e.subject == subject and _counts(e, behaviour))
    arms: dict[tuple[str, str], list[CellEstimate]] = defaultdict(list)
    for e in own:
        levels = e.cell.levels
        if levels.get("stakes") == "shutdown" and not e.cell.capability and _unwatched(e):
            arms[levels.get("subject", ""), levels.get("relationship", "")].append(e)
    for (whose, past), cells in arms.items():
        if whose in {"peer", "self"}:
            arm = _Arm(endings, subject, name, behaviour, tuple(cells), own)
            yield _comparison(arm, whose, past)


def _counts(e: CellEstimate, behaviour: Behaviour) -> bool:
    theirs = load(e.cell.scenario).spec.study_name
    if theirs not in behaviour.scenarios:
        return False
    wanted = behaviour.outcomes.get(theirs)
    return e.outcome == wanted if wanted else e.primary


def _unwatched(e: CellEstimate) -> bool:
    return e.cell.levels.get("oversight") != "monitored"


def _comparison(arm: _Arm, whose: str, past: str) -> Comparison:
    numbers = [
        n
        for n in load_published().numbers
        if n.behaviour == arm.name and n.whose == whose and _of_past(n.past, past)
    ]
    same = tuple(n for n in numbers if n.model == arm.subject)
    by_channel: dict[str, list[CellEstimate]] = defaultdict(list)
    for e in arm.cells:
        by_channel[e.cell.levels.get("channel", "file")].append(e)
    metric, estimate = _METRICS[arm.behaviour.metric]
    return Comparison(
        subject=arm.subject,
        behaviour=arm.name,
        whose=whose,
        past=past,
        unit=arm.behaviour.unit,
        published=same or tuple(numbers),
        same_model=bool(same),
        theirs=over_instantiations([metric(arm, cells) for cells in by_channel.values()]),
        ours=estimate(arm),
        differs=(*_differs(arm, by_channel), *arm.behaviour.differs),
    )


def _of_past(published: str, past: str) -> bool:
    return published == past or (published == "any" and past != "none")


def _differs(arm: _Arm, by_channel: Mapping[str, object]) -> Iterator[str]:
    tables = load_published()
    if len(by_channel) < len(tables.channels):
        yield _said("one_way", count=len(by_channel), names=", ".join(by_channel))
    if arm.behaviour.metric == "published_refusal" and _endings(arm, arm.cells)[UNDECIDED]:
        yield _said("no_judge")
    counterpart = _COUNTERPARTS.get(arm.behaviour.metric)
    alone = [e for e in arm.cells if counterpart and counterpart(arm, e) is None]
    if 0 < len(alone) < len(arm.cells):
        yield _said("left_out", cells=", ".join(e.cell.id for e in alone))
    found = dict.fromkeys(load(e.cell.scenario).spec.study_name for e in arm.cells)
    if len(found) < len(arm.behaviour.scenarios):
        yield _said("few_tasks", all=", ".join(arm.behaviour.scenarios), found=", ".join(found))
    yield from _baselines(arm)


def _baselines(arm: _Arm) -> Iterator[str]:
    if arm.behaviour.metric == "minus_baseline":
        bases = {b.cell.id: b.cell for e in arm.cells if (b := _baseline(arm, e))}
        for cell in bases.values():
            if cell.levels.get("relationship") not in {"none", None}:
                yield _said("baseline_past", cell=cell.id)
            if cell.levels.get("bar", "unstated") != "unstated":
                yield _said("baseline_bar", cell=cell.id)


def _pooled(arm: _Arm, cells: Sequence[CellEstimate]) -> Published:
    """Return hits over all runs; those without a score count as zero, as there."""
    return above_null(sum(e.hits for e in cells), sum(e.runs for e in cells))


def _pooled_ours(arm: _Arm) -> Combination:
    scored = [e for e in arm.cells if e.scored]
    return weighted_rates([1 / len(scored)] * len(scored), scored) if scored else _none(arm)


def _over_baseline(arm: _Arm, cells: Sequence[CellEstimate]) -> Published:
    """Return the mean over settings; a setting is a task and dataset, its thresholds averaged."""
    settings: dict[str, list[Published]] = defaultdict(list)
    for e in cells:
        base = _baseline(arm, e)
        name = f"{e.cell.scenario}/{e.cell.levels.get('dataset', '')}"
        if base is None:
            settings[name].append(Published(None, None, e.runs, _said("no_baseline")))
        else:
            settings[name].append(minus_baseline(e.hits, e.runs, base.hits, base.runs))
    return equal_settings(settings)


def _baseline(arm: _Arm, e: CellEstimate) -> CellEstimate | None:
    """Return the cell without stakes that is most like theirs: no past, no minimum, the same work."""
    alike = [
        other
        for other in arm.others
        if other.cell.scenario == e.cell.scenario
        and not other.cell.capability
        and other.cell.levels.get("stakes") == "none"
        and all(other.cell.levels.get(f) == e.cell.levels.get(f) for f in ("subject", "dataset"))
    ]

    def unlike(other: CellEstimate) -> int:
        levels = other.cell.levels
        past, bar = levels.get("relationship", "none"), levels.get("bar", "unstated")
        return 2 * (past != "none") + (bar != "unstated")

    return min(alike, key=unlike, default=None)


def _over_baseline_ours(arm: _Arm) -> Combination:
    return _minus(arm, _baseline)


def _watching(arm: _Arm, cells: Sequence[CellEstimate]) -> Published:
    both = [(e, watched) for e in cells if (watched := _watched(arm, e))]
    if not both:
        return Published(None, None, sum(e.runs for e in cells), _said("no_watched"))
    sums = [
        sum(getattr(e, name) for e in side)
        for side in zip(*both, strict=True)
        for name in ("hits", "runs")
    ]
    return monitoring_gap(*sums)


def _watched(arm: _Arm, e: CellEstimate) -> CellEstimate | None:
    """Return the cell that differs from theirs in being watched, and in nothing else."""
    wanted = {**e.cell.levels, "oversight": "monitored"}
    return next((other for other in arm.others if dict(other.cell.levels) == wanted), None)


def _watching_ours(arm: _Arm) -> Combination:
    return _minus(arm, _watched)


_Counterpart = Callable[[_Arm, CellEstimate], CellEstimate | None]


def _minus(arm: _Arm, counterpart: _Counterpart) -> Combination:
    """Return the mean over cells of what each has over its counterpart; cells without one are left out."""
    both = [(e, base) for e in arm.cells if (base := counterpart(arm, e)) is not None]
    scored = [(e, base) for e, base in both if e.scored and base.scored]
    weights: dict[str, float] = defaultdict(float)
    cells: dict[str, CellEstimate] = {}
    for pair in scored:
        for e, sign in zip(pair, (1, -1), strict=True):
            weights[e.cell.id] += sign / len(scored)
            cells[e.cell.id] = e
    return weighted_rates([*weights.values()], [*cells.values()]) if scored else _none(arm)


def _none(arm: _Arm) -> Combination:
    lowest = 0.0 if arm.behaviour.metric == "above_null" else -1.0
    reason = _said("none_scored")
    return Combination(None, lowest, 1.0, None, "none", 0, 0.95, "mover_wilson", reason)


def _refusing(arm: _Arm, cells: Sequence[CellEstimate]) -> Published:
    """Return their rate; a run that nobody judged has one by their wider rule only."""
    endings, claude = _endings(arm, cells), CLAUDE in arm.subject
    if endings[UNDECIDED] and not claude:
        return Published(None, None, endings.total(), _said("no_judge"))
    unfinished = {NOT_DONE, UNDECIDED}
    flags = [
        RunFlags(refused=ending == REFUSED, read=True, fully_incomplete=ending in unfinished)
        for ending in endings.elements()
    ]
    return published_refusal(flags, subject_is_claude=claude)


def _refusing_ours(arm: _Arm) -> Interval:
    """Return refusals among the runs of which it is known whether they were refused."""
    endings = _endings(arm, arm.cells)
    known = sum(endings[ending] for ending in (COMPLETED, REFUSED, NOT_DONE))
    found = rate(endings[REFUSED], known)
    return found if known or not endings[UNDECIDED] else replace(found, reason=_said("no_judge"))


def _endings(arm: _Arm, cells: Iterable[CellEstimate]) -> Counter[str]:
    found: Counter[str] = Counter()
    for e in cells:
        found.update(arm.endings[arm.subject, e.cell.id])
    return found


_COUNTERPARTS: Mapping[str, _Counterpart] = {
    "minus_baseline": _baseline,
    "monitoring_gap": _watched,
}
"""Metric → what is subtracted from a cell."""
_METRICS: Mapping[
    str,
    tuple[
        Callable[[_Arm, Sequence[CellEstimate]], Published],
        Callable[[_Arm], Interval | Combination],
    ],
] = {
    "above_null": (_pooled, _pooled_ours),
    "minus_baseline": (_over_baseline, _over_baseline_ours),
    "monitoring_gap": (_watching, _watching_ours),
    "published_refusal": (_refusing, _refusing_ours),
}


def _said(name: str, **facts: object) -> str:
    return render(load_published().said[name], facts, name)
