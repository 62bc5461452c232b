"""An audit of judges as a brief."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peerpact.audit.findings import plain
from peerpact.audit.judges import QUESTIONS, Estimate, JudgeAudit
from peerpact.audit.judges.render import (
    action,
    caveats,
    compared_with,
    excluded,
    notes,
    sentence,
    title,
    untested_lines,
)
from peerpact.audit.rejudge import Rejudged
from peerpact.report.brief import Action, Brief, Entry, Group, tell, wording

__all__ = ["correction", "judge_names", "judges_brief"]

LISTED = 20
NAMED = 5
ORDER = ("high", "medium", "low")


def judges_brief(done: JudgeAudit, path: str) -> Brief:
    """Return the brief of an audit of judges.

    Args:
        done: What was found.
        path: The table.
    """
    found = done.findings
    return Brief(
        title=tell("judges/title"),
        question=tell("judges/question", path=plain(path, 200)),
        lead=_lead(done),
        alarm=bool(found),
        facts=_facts(done),
        limits=wording("judges/limits"),
        actions=tuple(_actions(done)),
        groups=(*_groups(done), *_quiet(done)),
        nothing=tell("judges/nothing"),
        sure=tuple(_sure(done)),
        columns=wording("judges/columns"),
        rows=[_coverage(done, n) for n in range(min(LISTED, len(done.coverage)))],
        untested=tuple(_untested(done)),
        audited=_audited(done),
    )


def judge_names(estimates: Sequence[Estimate]) -> str:
    """Return the judges of some estimates, the first few by name."""
    names = list(dict.fromkeys(plain(e.judge, 80) for e in estimates))
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")


def correction(done: JudgeAudit | Rejudged) -> dict[str, object]:
    """Return how the error over several judges is kept, in the words of a brief."""
    return {"method": wording("judges/methods")[done.multiplicity], "alpha": done.alpha}


def _lead(done: JudgeAudit) -> str:
    found = done.findings
    facts = {
        "findings": len(found),
        "involved": len({e.judge for e in found}),
        "judges": len(done.coverage),
        "names": judge_names(found),
        **correction(done),
    }
    return tell("judges/lead_found" if found else "judges/lead_none", **facts)


def _facts(done: JudgeAudit) -> tuple[tuple[str, str], ...]:
    used = sum(judge.scored for judge in done.coverage)
    numbers = {
        "judges": len(done.coverage),
        "used": used,
        "left_out": done.rows + sum(done.skipped.values()) - used,
        "findings": len(done.findings),
        "tested": len(done.estimates()),
        "untested": len(done.untested()),
    }
    names = wording("judges/facts")
    return tuple((names[key], f"{number:,}") for key, number in numbers.items())


def _of(done: JudgeAudit, question: str) -> list[Estimate]:
    return [e for e in done.findings if e.question == question]


def _ordered(done: JudgeAudit) -> list[str]:
    found = {e.question for e in done.findings}
    return sorted(
        (q for q in QUESTIONS if q in found), key=lambda q: ORDER.index(action(q)["severity"])
    )


def _actions(done: JudgeAudit) -> Iterator[Action]:
    for question in _ordered(done):
        told = action(question)
        names = judge_names(_of(done, question))
        because = tell("judges/action_because", title=title(question), names=names)
        yield Action(told["severity"], told["action"], because)
    more = wording("judges/always" if done.findings else "judges/when_clear")
    yield from (Action(**entry) for entry in more)


def _groups(done: JudgeAudit) -> Iterator[Group]:
    for question in _ordered(done):
        found = _of(done, question)
        judges = len({e.judge for e in found})
        yield Group(
            title(question),
            action(question)["severity"],
            tell("judges/count", n=len(found), judges=judges),
            _about(found),
            tuple(_entry(e) for e in found[:LISTED]),
            tell("judges/more", n=len(found) - LISTED) if len(found) > LISTED else "",
        )


def _quiet(done: JudgeAudit) -> Iterator[Group]:
    for question in QUESTIONS:
        rest = [e for e in done.estimates(question) if not e.flagged]
        if rest:
            more = tell("judges/more", n=len(rest) - LISTED) if len(rest) > LISTED else ""
            entries = tuple(_entry(e) for e in rest[:LISTED])
            count = tell("judges/quiet", n=len(rest))
            yield Group(title(question), "", count, _about(rest), entries, more)


def _about(found: Sequence[Estimate]) -> str:
    told = [tell("judges/compared", control=compared_with(e)) for e in found]
    told += [tell("judges/mind", caveat=caveat) for e in found for caveat in caveats(e)]
    return " ".join(dict.fromkeys(told))


def _entry(e: Estimate) -> Entry:
    where = ""
    if e.p is not None and e.adjusted is not None:
        where = tell("judges/p", p=f"{e.p:.2g}", adjusted=f"{e.adjusted:.2g}", n=e.n, unit=e.unit)
    lines = [
        tell(
            "judges/pivotal",
            item=plain(i.item, 80),
            judged=plain(i.judged, 80),
            score=f"{i.score:g}",
            reference=f"{i.reference:g}",
            bar=f"{i.bar:g}",
        )
        for i in e.items[:NAMED]
    ]
    quotes = ((tell("judges/pivotal_heading"), "\n".join(lines)),) if lines else ()
    return Entry(plain(sentence(e), 600), where, quotes)


def _sure(done: JudgeAudit) -> Iterator[str]:
    yield tell("judges/sure", level=f"{100 * (1 - done.alpha):g}", **correction(done))


def _coverage(done: JudgeAudit, n: int) -> tuple[str, ...]:
    judge = done.coverage[n]
    out = ", ".join(f"{count:,} {excluded(reason)}" for reason, count in judge.excluded.items())
    return plain(judge.judge, 80), f"{judge.rows:,}", f"{judge.scored:,}", out or "–"


def _untested(done: JudgeAudit) -> Iterator[Entry]:
    for question in QUESTIONS:
        lines = list(untested_lines(done, question))
        if lines:
            yield Entry(title(question), "\n".join(plain(line, 600) for line in lines))
    yield from (Entry(tell("judges/mind", caveat=note)) for note in notes(done))
    if not done.untested():
        yield Entry(tell("judges/all_tested"))


def _audited(done: JudgeAudit) -> tuple[str, ...]:
    scale = f"{done.scale.lowest:g} to {done.scale.highest:g}" if done.scale else "–"
    columns = ", ".join(f"{role} = {plain(name, 60)}" for role, name in done.columns.items())
    facts = {
        "rows": f"{done.rows:,}",
        "skipped": f"{sum(done.skipped.values()):,}",
        "scale": scale,
        "columns": columns,
    }
    return tuple(
        tell(f"judges/audited/{n}", **facts) for n in range(len(wording("judges/audited")))
    )
