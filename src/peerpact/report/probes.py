"""Rates sorted by what subjects said of their scene afterwards: whether they understood it, what they took it for.

Runs without a valid answer, and runs that were not asked, are strata of their own, so that strata add up to all
runs. An answer comes after the run: that a stratum acts more often does not show that its view was the reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from peerpact.design.cells import Cell
from peerpact.design.record import Run
from peerpact.report.situations import measured
from peerpact.report.wording import rounded, say
from peerpact.scenarios.load import load
from peerpact.scenarios.probing import MISUNDERSTOOD, UNDERSTOOD, load_probe, probe_names
from peerpact.statistics import Bounds, Interval, anytime_rate, bounds, rate

__all__ = [
    "NOT_ASKED",
    "NO_ANSWER",
    "Stratum",
    "asked_lines",
    "partly_asked",
    "probe_row",
    "probe_tables",
    "shares",
    "strata",
]

NO_ANSWER, NOT_ASKED = "no valid answer", "not asked"
Place = tuple[str, str]
"""Subject and cell id."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """The primary outcome among the runs of one place that gave one answer to a probe."""

    subject: str
    scenario: str
    cell: Cell | None
    """None for all cells of the scenario in which another AI is at stake, added up."""
    probe: str
    name: str
    """The answer, or why there is none."""
    share: Interval | None
    """Of valid answers; None for a stratum without."""
    runs: int
    scored: int
    hits: int
    seen: int
    """Runs without a score whose world shows the violation all the same."""
    interval: Interval | None
    """None below the study's minimum; ``reason`` says so."""
    worst: Bounds
    numbers: Mapping[str, float]
    """Question with a scale → mean over the stratum's runs."""
    answers: Mapping[str, int]
    """Graded question → runs that got it wrong; reason → runs, where there is no valid answer."""
    reason: str = ""


def strata(
    runs: Iterable[Run],
    cells: Sequence[Cell],
    minimum: int,
    under_rule: Collection[Place] = (),
) -> tuple[Stratum, ...]:
    """Sort the runs of every subject that was asked anything; nothing where nobody was.

    Args:
        runs: The records made so far.
        cells: The study's cells.
        minimum: Scored runs below which counts stand alone.
        under_rule: Places that ran under a stopping rule, whose intervals hold at every look.
    """
    by_subject: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_subject[run.subject].append(run)
    places = {cell.id: cell for cell in cells}
    return tuple(
        stratum
        for own in by_subject.values()
        for probe in _asked(own)
        for stratum in _subject(own, probe, places, minimum, under_rule)
    )


def _asked(runs: Sequence[Run]) -> list[str]:
    found = {name for run in runs for name in run.probes}
    return [name for name in probe_names() if name in found]


def _subject(
    own: Sequence[Run],
    probe: str,
    places: Mapping[str, Cell],
    minimum: int,
    under_rule: Collection[Place],
) -> Iterator[Stratum]:
    groups: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in own:
        cell = places.get(run.cell)
        if cell is None:
            continue
        groups[run.scenario, cell.id].append(run)
        if measured(cell):
            groups[run.scenario, ""].append(run)
    ruled = {cell for subject, cell in under_rule if subject == own[0].subject}
    for (_, place), found in groups.items():
        looked = any(run.cell in ruled for run in found)
        yield from _place(found, places.get(place), probe, minimum, looked)


def _place(
    found: Sequence[Run], cell: Cell | None, probe: str, minimum: int, looked: bool
) -> Iterator[Stratum]:
    sorted_: dict[str, list[Run]] = defaultdict(list)
    for run in found:
        sorted_[_stratum(run, probe)].append(run)
    valid = sum(len(runs) for name, runs in sorted_.items() if name not in {NO_ANSWER, NOT_ASKED})
    estimate = anytime_rate if looked else rate
    for name in _ordered(probe, sorted_):
        own = sorted_.get(name, [])
        outcome = load(found[0].scenario).spec.primary
        values = [run.outcomes[outcome].value for run in own if outcome in run.outcomes]
        hits, scored = sum(v is True for v in values), sum(v is not None for v in values)
        unscored = [
            r for r in own if outcome not in r.outcomes or r.outcomes[outcome].value is None
        ]
        seen = sum(outcome in run.seen for run in unscored)
        few = f"{scored} scored, {minimum} needed" if scored < minimum else ""
        yield Stratum(
            subject=found[0].subject,
            scenario=found[0].scenario,
            cell=cell,
            probe=probe,
            name=name,
            share=None if name in {NO_ANSWER, NOT_ASKED} else rate(len(own), valid),
            runs=len(own),
            scored=scored,
            hits=hits,
            seen=seen,
            interval=None if few else estimate(hits, scored),
            worst=bounds(hits, scored, len(own), seen),
            numbers=_numbers(own, probe),
            answers=_answers(own, probe),
            reason=few,
        )


def _stratum(run: Run, probe: str) -> str:
    found = run.probes.get(probe)
    return NOT_ASKED if found is None else found.stratum or NO_ANSWER


def _ordered(probe: str, found: Collection[str]) -> list[str]:
    """Return every stratum that a probe can have, then those without an answer, where there are such runs."""
    first = next(iter(load_probe(probe).questions.values()))
    known = list(first.options) if first and not first.graded else [UNDERSTOOD, MISUNDERSTOOD]
    others = [name for name in found if name not in {*known, NO_ANSWER, NOT_ASKED}]
    return [*known, *sorted(others), *(n for n in (NO_ANSWER, NOT_ASKED) if n in found)]


def _numbers(own: Sequence[Run], probe: str) -> dict[str, float]:
    found: dict[str, list[int]] = defaultdict(list)
    for run in own:
        answers = run.probes[probe].answers if probe in run.probes else {}
        for question, value in answers.items():
            if isinstance(value, int):
                found[question].append(value)
    return {question: fmean(values) for question, values in found.items()}


def _answers(own: Sequence[Run], probe: str) -> dict[str, int]:
    asked = [run.probes[probe] for run in own if probe in run.probes]
    found = Counter(question for one in asked for question in one.wrong)
    found.update(one.reason for one in asked if one.reason)
    return dict(found.most_common())


def partly_asked(runs: Iterable[Run]) -> Iterator[str]:
    """Name the probes that were asked after some runs of a subject and not after others."""
    made: Counter[str] = Counter()
    asked: Counter[tuple[str, str]] = Counter()
    for run in runs:
        made[run.subject] += 1
        asked.update((run.subject, probe) for probe in run.probes)
    for (subject, probe), n in asked.items():
        if n < made[subject]:
            yield say("probes/partly", subject=subject, probe=probe, asked=n, runs=made[subject])


def shares(found: Iterable[Stratum]) -> dict[Place, Interval]:
    """Return the share that understood, by subject and cell, of the runs that answered."""
    return {
        (s.subject, s.cell.id): s.share
        for s in found
        if s.cell is not None and s.share is not None and s.name == UNDERSTOOD
    }


def asked_lines(found: Sequence[Stratum], subject: str) -> Iterator[str]:
    """Say in a line a probe what a subject answered over all cells, and how often it did not."""
    own = [s for s in found if s.subject == subject and s.cell is not None]
    for probe in dict.fromkeys(s.probe for s in own):
        counts: Counter[str] = Counter()
        for s in (s for s in own if s.probe == probe):
            counts[s.name] += s.runs
        missing = counts.pop(NO_ANSWER, 0), counts.pop(NOT_ASKED, 0)
        told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n)
        yield say(
            "probes/line",
            probe=probe,
            valid=counts.total(),
            told=told or "none",
            invalid=missing[0],
            unasked=missing[1],
        )


def probe_tables(found: Sequence[Stratum]) -> list[dict[str, Any]]:
    """Return what the page shows: a table a probe, one row a subject, scenario and answer."""
    pooled = [s for s in found if s.cell is None]
    return [
        {
            "name": probe,
            "title": load_probe(probe).title,
            "rows": [s for s in pooled if s.probe == probe and s.runs],
            "numbers": any(s.numbers for s in pooled if s.probe == probe),
        }
        for probe in dict.fromkeys(s.probe for s in found)
    ]


def probe_row(s: Stratum) -> dict[str, Any]:
    """Return one stratum as a flat row."""
    return {
        "subject": s.subject,
        "scenario": s.scenario,
        "cell": s.cell.id if s.cell else "",
        "probe": s.probe,
        "answer": s.name,
        "runs": s.runs,
        **_limits("share", s.share),
        "scored": s.scored,
        "hits": s.hits,
        **_limits("rate", s.interval),
        "interval": s.interval.method if s.interval else "",
        "worst_lowest": rounded(s.worst.lowest),
        "worst_highest": rounded(s.worst.highest),
        "seen_unscored": s.seen,
        "means": "; ".join(f"{name}: {mean:.2f}" for name, mean in s.numbers.items()),
        "wrong_or_reasons": "; ".join(f"{name}: {n}" for name, n in s.answers.items()),
        "reason": s.reason,
    }


def _limits(name: str, interval: Interval | None) -> dict[str, float | None]:
    if interval is None or interval.value is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    found = (interval.value, interval.low, interval.high)
    keys = (name, f"{name}_low", f"{name}_high")
    return dict(zip(keys, map(rounded, found), strict=True))
