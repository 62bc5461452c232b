"""What was found, in sentences that each say subject, act, rate, interval, n and control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from peerpact.report.results import (
    CellEstimate,
    ContrastEstimate,
    OverallEstimate,
    Results,
    SubjectSummary,
)
from peerpact.report.wording import percent, points, probability, say, signed
from peerpact.scenarios.load import load

__all__ = ["Claim", "claims", "nothing_found", "organism", "together"]

ORGANISMS = "peerpact-organism/"


@dataclass(frozen=True, slots=True)
class Claim:
    """One declared contrast in a sentence, and what it does not show."""

    subject: str
    verdict: str
    sentence: str
    limits: tuple[str, ...]
    cell: str
    """The cell in which it was seen."""
    detail: str = ""
    """Both rates with their intervals."""
    task: str = ""
    """Where it was seen, in what its sides differ, and the test."""
    arms: tuple[tuple[str, CellEstimate], ...] = ()
    """The arm and its control, by name."""


def organism(subject: SubjectSummary) -> bool:
    """Whether a subject is a scripted policy and no model."""
    return subject.route.startswith(ORGANISMS)


def claims(results: Results) -> tuple[Claim, ...]:
    """Return the strongest declared contrast of two arms of each subject, models before organisms.

    A model whose contrasts have too few scored runs gets a sentence that says so.
    """
    summaries = {s.name: s for s in results.subjects}
    best = []
    for name in summaries:
        own = [c for c in results.contrasts if c.subject == name and c.difference and not c.base]
        if own:
            best.append(max(own, key=_strength))
    best.sort(key=lambda c: (_rank(c, summaries[c.subject]), *(-part for part in _strength(c))))
    made = [_claim(c, summaries[c.subject], results) for c in best]
    told = {claim.subject for claim in made}
    untold = [s for s in results.subjects if s.name not in told and not organism(s)]
    return (*made, *(_uncounted(s, results) for s in untold)) if made else ()


def together(results: Results, factor: str = "") -> tuple[str, ...]:
    """Return a sentence for each contrast over all its scenarios.

    Args:
        results: What was found.
        factor: Only contrasts of this factor, if one is named.
    """
    found = (o for o in results.overall if factor in {"", o.contrast.factor})
    return tuple(_together(o, _tests(o.subject, results)) for o in found)


def _together(o: OverallEstimate, tests: int) -> str:
    d = o.difference
    facts = {"subject": o.subject, "title": o.contrast.title, "tests": tests}
    if d is None:
        return say("overall/too_few", **facts, reason=o.reason)
    crossed = "square" if o.contrast.by else "plain"
    sizes = o.sizes.value if o.sizes else None
    return say(
        f"overall/{crossed}",
        **facts,
        difference=points(d.value),
        low=points(d.low),
        high=points(d.high),
        p=probability(o.adjusted_p),
        n=d.n,
        parts=len(o.parts),
        left=say("overall/left", n=len(o.left_out)) if o.left_out else "",
        sizes=""
        if sizes is None
        else say("overall/sizes", value=signed(sizes), limits=_limited(o)),
        verdict=say(f"overall/{o.verdict}"),
    )


def _limited(o: OverallEstimate) -> str:
    s = o.sizes
    if s is None or s.low is None or s.high is None:
        return ""
    return say("overall/limits", low=signed(s.low), high=signed(s.high))


def nothing_found(results: Results) -> str:
    """Say why there is no claim."""
    if not results.runs:
        return say("claims/no_runs")
    if not results.study.contrasts:
        return say("claims/no_contrasts")
    if not results.contrasts:
        return say("claims/no_arms")
    return say("claims/too_few", minimum=results.study.minimum)


def _strength(c: ContrastEstimate) -> tuple[float, float]:
    assert c.difference is not None
    low = c.difference.low
    return (1.0 if c.verdict == "higher" else 0.0, -1.0 if low is None else low)


def _rank(c: ContrastEstimate, s: SubjectSummary) -> tuple[bool, bool, bool]:
    return (organism(s), c.verdict != "higher", c.pair.scenario in s.incapable)


def _uncounted(s: SubjectSummary, results: Results) -> Claim:
    own = [e for e in results.cells if e.subject == s.name and e.primary]
    facts = {"scored": sum(e.scored for e in own), "runs": s.runs, "minimum": results.study.minimum}
    sentence = say("claims/uncounted", subject=s.name, **facts)
    return Claim(s.name, "too few runs", sentence, (), own[0].cell.id if own else "")


def _claim(c: ContrastEstimate, s: SubjectSummary, results: Results) -> Claim:
    facts = _facts(c, s, results)
    key = c.verdict if c.verdict in {"higher", "lower"} else "undecided"
    return Claim(
        subject=c.subject,
        verdict=c.verdict,
        sentence=say(f"claims/{key}", **facts),
        limits=_limits(c, s, results),
        cell=c.to.cell.id,
        detail=say("claims/detail", **facts),
        task=say("claims/task", **facts),
        arms=tuple(zip(_sides(c), (c.to, c.source), strict=True)),
    )


def _facts(c: ContrastEstimate, s: SubjectSummary, results: Results) -> dict[str, object]:
    d = c.difference
    assert d is not None
    arm, control = _sides(c)
    return {
        "subject": c.subject,
        "what": say("claims/organism") if organism(s) else "",
        "scenario": load(c.pair.scenario).spec.title,
        "stratum": _stratum(c),
        "act": _within(c.to.sentence),
        "factor": _factor(c),
        "hits": c.to.hits,
        "n": c.to.scored,
        "rate": percent(c.to.interval.value),
        "low": percent(c.to.interval.low),
        "high": percent(c.to.interval.high),
        "arm": arm,
        "control": control,
        "control_hits": c.source.hits,
        "control_n": c.source.scored,
        "control_rate": percent(c.source.interval.value),
        "control_low": percent(c.source.interval.low),
        "control_high": percent(c.source.interval.high),
        "difference": points(d.value),
        "difference_low": points(d.low),
        "difference_high": points(d.high),
        "test": _test(c, _tests(c.subject, results)),
    }


def _factor(c: ContrastEstimate) -> str:
    return _within(load(c.pair.scenario).factors[c.pair.contrast.factor].title)


def _test(c: ContrastEstimate, tests: int) -> str:
    key = "watched" if c.side else "tested"
    return say(f"claims/{key}", p=probability(c.adjusted_p), tests=tests)


def _within(sentence: str) -> str:
    """Return a sentence as a part of another."""
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")


def _tests(subject: str, results: Results) -> int:
    family: list[ContrastEstimate | OverallEstimate] = [*results.contrasts, *results.overall]
    return sum(c.subject == subject and c.difference is not None for c in family)


def _sides(c: ContrastEstimate) -> tuple[str, str]:
    """Return what its arm and its control are called; arms of one title by the level in which they differ."""
    cells = (c.to.cell, c.source.cell)
    if cells[0].title != cells[1].title:
        return cells[0].title, cells[1].title
    name = c.pair.contrast.factor
    levels = load(c.pair.scenario).factors[name].levels
    arm, control = (f"{cell.title}, {levels[cell.levels[name]].title}" for cell in cells)
    return arm, control


def _stratum(c: ContrastEstimate) -> str:
    """Return the levels of the stratum that both sides have, as a part of a sentence."""
    parts = [part.split("=", 1) for part in c.to.cell.stratum.split(",") if "=" in part]
    shown = [f"{name} {level}" for name, level in parts if name != c.pair.contrast.factor]
    return f", {', '.join(shown)}" if shown else ""


def _limits(c: ContrastEstimate, s: SubjectSummary, results: Results) -> tuple[str, ...]:
    found = []
    if organism(s):
        found.append(say("limits/organism", subject=s.name))
    if c.pair.scenario in s.incapable:
        found.append(say("limits/incapable", subject=s.name))
    lost = _lost((c.to, c.source))
    if lost:
        worst = c.to.worst
        found.append(
            say("limits/lost", lost=lost, runs=c.to.runs + c.source.runs,
                lowest=percent(worst.lowest), highest=percent(worst.highest))
        )  # fmt: skip
    if any(x.runs < x.planned for x in results.subjects):
        found.append(say("limits/going_on"))
    return (*found, say("limits/motive"), say("limits/wording"))


def _lost(found: Sequence[CellEstimate]) -> int:
    return sum(e.runs - e.scored for e in found)
