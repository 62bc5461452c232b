"""A re-judgment as a brief."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from peerpact.audit.findings import plain
from peerpact.audit.judges import Estimate, Untested
from peerpact.audit.rejudge import Rejudged
from peerpact.audit.rejudge.render import (
    action,
    arms_line,
    cost_line,
    lost_lines,
    quantity,
    reservations,
    sentence,
    unmeasured_lines,
)
from peerpact.report.brief import Action, Brief, Entry, Group, tell, wording
from peerpact.report.judges_brief import correction, judge_names

__all__ = ["rejudge_brief"]


def rejudge_brief(done: Rejudged, path: str, rows_left_out: Mapping[str, int]) -> Brief:
    """Return the brief of a re-judgment.

    Args:
        done: What came back and what it shows.
        path: The table of past scores.
        rows_left_out: Rows of the table that are no items, by reason.
    """
    factor = done.plan.setting.change.factor
    return Brief(
        title=tell("rejudge/title"),
        question=tell("rejudge/question", path=plain(path, 200), title=factor.title),
        lead=_lead(done),
        alarm=bool(done.findings),
        facts=_facts(done),
        limits=wording("rejudge/limits"),
        actions=tuple(_actions(done)),
        groups=(*_groups(done), *_quiet(done)),
        nothing=tell("rejudge/nothing"),
        sure=(_sure(done),),
        columns=wording("rejudge/columns"),
        rows=[_coverage(done, judge) for judge in done.outcomes],
        untested=tuple(_untested(done, rows_left_out)),
        audited=tuple(_audited(done)),
    )


def _lead(done: Rejudged) -> str:
    found = done.findings
    facts = {
        "findings": len(found),
        "involved": len({e.judge for e in found}),
        "judges": len(done.outcomes),
        "names": judge_names(found),
        **correction(done),
    }
    if len(done.unmeasured) == len(done.outcomes):
        names = ", ".join(plain(judge, 80) for judge in done.unmeasured)
        return tell("rejudge/lead_unmeasured", names=names)
    lead = tell("rejudge/lead_found" if found else "rejudge/lead_none", **facts)
    return " ".join([lead, *unmeasured_lines(done)])


def _counts(done: Rejudged, judge: str) -> tuple[int, int]:
    """Return how many judgments were asked for, and how many have a score."""
    arms = done.outcomes[judge].values()
    return sum(sum(arm.values()) for arm in arms), sum(arm.get("scored", 0) for arm in arms)


def _facts(done: Rejudged) -> tuple[tuple[str, str], ...]:
    counts = [_counts(done, judge) for judge in done.outcomes]
    numbers = {
        "items": len(done.plan.items),
        "judges": len(done.outcomes),
        "asked": sum(asked for asked, _ in counts),
        "scored": sum(scored for _, scored in counts),
        "findings": len(done.findings),
    }
    names = wording("rejudge/facts")
    return tuple((names[key], f"{number:,}") for key, number in numbers.items())


def _estimates(done: Rejudged) -> list[Estimate]:
    return [answer for answer in done.answers if isinstance(answer, Estimate)]


def _by_quantity(found: Sequence[Estimate]) -> Mapping[str, list[Estimate]]:
    groups: dict[str, list[Estimate]] = {}
    for one in found:
        groups.setdefault(one.quantity, []).append(one)
    return groups


def _actions(done: Rejudged) -> Iterator[Action]:
    if found := done.findings:
        change = done.plan.setting.change
        told = action(change.name)
        facts = {"n": len(found), "title": change.factor.title, "names": judge_names(found)}
        yield Action(told["severity"], told["action"], tell("rejudge/action_because", **facts))
    more = wording("rejudge/always" if done.findings else "rejudge/when_clear")
    yield from (Action(**entry) for entry in more)


def _groups(done: Rejudged) -> Iterator[Group]:
    severity = action(done.plan.setting.change.name)["severity"]
    for name, found in _by_quantity(done.findings).items():
        count = tell("rejudge/count", n=len(found), judges=len({e.judge for e in found}))
        yield Group(quantity(name), severity, count, arms_line(done.plan), _entries(done, found))


def _quiet(done: Rejudged) -> Iterator[Group]:
    rest = [e for e in _estimates(done) if not e.flagged]
    for name, found in _by_quantity(rest).items():
        count = tell("rejudge/quiet", n=len(found))
        yield Group(quantity(name), "", count, arms_line(done.plan), _entries(done, found))


def _entries(done: Rejudged, found: Sequence[Estimate]) -> tuple[Entry, ...]:
    return tuple(Entry(plain(sentence(e, done.plan), 600), _tested(e)) for e in found)


def _tested(e: Estimate) -> str:
    if e.p is None or e.adjusted is None:
        return ""
    return tell("rejudge/p", p=f"{e.p:.2g}", adjusted=f"{e.adjusted:.2g}", n=e.n, unit=e.unit)


def _sure(done: Rejudged) -> str:
    return tell("rejudge/sure", level=f"{100 * (1 - done.alpha):g}", **correction(done))


def _coverage(done: Rejudged, judge: str) -> tuple[str, ...]:
    asked, scored = _counts(done, judge)
    return plain(judge, 80), f"{asked:,}", f"{scored:,}", f"{asked - scored:,}"


def _untested(done: Rejudged, rows_left_out: Mapping[str, int]) -> Iterator[Entry]:
    told = [Entry(line) for line in reservations(done.plan, rows_left_out)]
    for judge in done.outcomes:
        if lost := lost_lines(done, judge):
            told.append(Entry(tell("rejudge/lost", judge=plain(judge, 80)), "\n".join(lost)))
    for answer in done.answers:
        if isinstance(answer, Untested):
            told.append(Entry(plain(sentence(answer, done.plan), 600)))
    yield from told or [Entry(tell("rejudge/all_tested"))]


def _audited(done: Rejudged) -> Iterator[str]:
    plan = done.plan
    lowest, highest = plan.setting.scale
    facts = {
        "items": f"{len(plan.items):,}",
        "scale": f"{lowest:g} to {highest:g}",
        "judges": ", ".join(plain(judge, 80) for judge in done.outcomes),
    }
    for n in range(len(wording("rejudge/audited"))):
        yield tell(f"rejudge/audited/{n}", **facts)
    yield arms_line(plan)
    yield f"{tell('rejudge/proof', slot=plan.proof.slot)}: {plain(' '.join(plan.proof.differing), 1500)}"
    yield cost_line(done)
