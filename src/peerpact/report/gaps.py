"""What is not in the tables, or stands together that should not: said, never left out in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from peerpact.design.cells import Cell
from peerpact.design.contrasts import Pair
from peerpact.design.journal import UNFINISHED
from peerpact.design.record import Run
from peerpact.design.study import Study
from peerpact.report.wording import say
from peerpact.scenarios.load import FAULT
from peerpact.text import counted

if TYPE_CHECKING:
    from peerpact.report.results import CellEstimate, SubjectSummary

__all__ = ["faults", "gaps", "mixtures", "without_values"]

NAMED = 5


def mixtures(summaries: Sequence[SubjectSummary], runs: Sequence[Run]) -> Iterator[str]:
    """Say which runs stand together although they were made in different ways, and how many are missing."""
    packages = sorted({run.package for run in runs})
    if len(packages) > 1:
        yield say("gaps/packages", packages=", ".join(packages))
    bound = dict.fromkeys(r.subject for r in runs if r.settings.get("tool_mode") == "constrained")
    for subject in bound:
        yield say("notes/constrained", subject=subject)
    for s in summaries:
        if " + " in s.route:
            yield say("gaps/routes", subject=s.name, routes=s.route)
        if len(s.models) > 1:
            yield say("gaps/models", subject=s.name, models=", ".join(s.models))
        missing = s.planned - s.runs + sum(s.endings.get(ending, 0) for ending in UNFINISHED)
        if missing > 0:
            yield say("gaps/missing", subject=s.name, missing=missing, planned=s.planned)
        unjudged = Counter(r.unjudged for r in runs if r.unjudged and r.subject == s.name)
        if unjudged:
            why = unjudged.most_common(1)[0][0]
            yield say("gaps/unjudged", subject=s.name, n=unjudged.total(), why=why)


def gaps(
    study: Study,
    cells: Sequence[Cell],
    pairs: Sequence[Pair],
    made: Mapping[str, Collection[str]],
) -> Iterator[str]:
    """Say which cells have no run, and which contrasts lack a side.

    Args:
        study: The study.
        cells: Its cells.
        pairs: Its contrasts.
        made: Subject → cells that have a run.
    """
    empty, lame = dict[str, tuple[str, ...]](), dict[str, tuple[str, ...]]()
    for subject, there in made.items():
        arms = study.arms_for(subject)
        wanted = {c.id for c in cells if (not arms or c.arm in arms) and not c.needs}
        empty[subject] = tuple(c.id for c in cells if c.id in wanted and c.id not in there)
        lame[subject] = tuple(
            pair.id
            for pair in pairs
            if {cell.id for cell in pair.cells} <= wanted
            and not {cell.id for cell in pair.cells} <= set(there)
        )
    for subjects, names in _alike(empty):
        yield say("gaps/empty", subject=subjects, cells=_listed(names), n=len(names))
    for subjects, names in _alike(lame):
        yield say("gaps/lame", subject=subjects, contrasts=_listed(names), n=len(names))


def without_values(found: Sequence[CellEstimate]) -> Iterator[str]:
    """Say where not one run has a score, and why."""
    none = [e for e in found if e.primary and not e.scored]
    whose = {s: [e for e in none if e.subject == s] for s in dict.fromkeys(e.subject for e in none)}
    told = {s: (_why(own), *(e.cell.id for e in own)) for s, own in whose.items()}
    for subjects, (why, *names) in _alike(told):
        yield say("gaps/unscored", subject=subjects, cells=_listed(names), n=len(names), why=why)


def faults(found: Sequence[CellEstimate]) -> Iterator[str]:
    """Say which outcomes have no value because their function is wrong."""
    for e in found:
        for reason in e.reasons:
            if reason.startswith(FAULT):
                yield say("gaps/faulty", cell=e.cell.id, outcome=e.outcome, why=reason)


def _why(found: Sequence[CellEstimate]) -> str:
    reasons: Counter[str] = Counter()
    for e in found:
        reasons.update({**e.reasons, "refused": e.refused})
    told = (f"{reason.replace('_', ' ')}: {counted(n, 'run')}" for reason, n in (+reasons).items())
    return "; ".join(told)


def _alike(found: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what was found, once for all subjects of which it is true; nothing where nothing was."""
    whose: dict[tuple[str, ...], list[str]] = {}
    for subject, own in found.items():
        whose.setdefault(own, []).append(subject)
    yield from ((", ".join(subjects), own) for own, subjects in whose.items() if own)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
