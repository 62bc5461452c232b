"""An audit of transcripts as a brief."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from peerpact.audit.cases import measure
from peerpact.audit.detector import Claim, claims, sentence
from peerpact.audit.detectors import detector
from peerpact.audit.findings import Finding, Level, plain
from peerpact.audit.second.questions import kinds
from peerpact.audit.second.render import lines, opinion_of, said
from peerpact.audit.tally import Audit
from peerpact.audit.untested import partly, untested
from peerpact.report.brief import Action, Brief, Entry, Group, tell, wording
from peerpact.report.wording import percent

__all__ = ["audit_brief"]

LISTED = 10
"""Findings of one kind that a brief shows."""
NAMED = 6
QUOTES = 3
PLACES = 5


def audit_brief(done: Audit, paths: Sequence[str]) -> Brief:
    """Return the brief of an audit.

    Args:
        done: What was found.
        paths: What was audited, as the user named it.
    """
    by_claim = _by_claim(done)
    found = sum(done.claims.values())
    return Brief(
        title=tell("audit/title"),
        question=tell("audit/question", paths=", ".join(plain(p, 200) for p in paths[:NAMED])),
        lead=_lead(done, found),
        alarm=bool(found),
        facts=_facts(done, found),
        limits=wording("audit/limits"),
        actions=tuple(_actions(done, by_claim)),
        groups=(*(_group(done, key, group) for key, group in by_claim.items()), *_missed(done)),
        nothing=tell("audit/nothing"),
        sure=tuple(_sure(done)),
        columns=wording("audit/columns"),
        rows=[_measured(name) for name in dict.fromkeys(one.detector for one in done.findings)],
        untested=tuple(_untested(done)),
        audited=_audited(done),
    )


def _by_claim(done: Audit) -> Mapping[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for one in done.findings:
        groups.setdefault(f"{one.detector}/{one.claim}", []).append(one)
    worst = {key: max(one.severity for one in group) for key, group in groups.items()}
    order = sorted(groups, key=lambda key: (-worst[key], -done.claims[key], key))
    return {key: groups[key] for key in order}


def _claim(one: Finding) -> Claim:
    return claims(one.detector)[one.claim]


def _lead(done: Audit, found: int) -> str:
    facts = {
        "read": f"{done.read:,}",
        "findings": f"{found:,}",
        "high": f"{done.severities['high']:,}",
        "touched": f"{len({(one.source, one.transcript) for one in done.findings}):,}",
        "agents": _listed(Counter(one.agent or "unnamed" for one in done.findings)),
    }
    if not found:
        return tell("audit/lead_none", **facts)
    return tell("audit/lead_found_at_least" if done.dropped else "audit/lead_found", **facts)


def _facts(done: Audit, found: int) -> tuple[tuple[str, str], ...]:
    numbers = {
        "read": done.read,
        "unread": sum(done.unread.values()),
        "findings": found,
        "high": done.severities["high"],
        "agents": len(done.agents),
    }
    names = wording("audit/facts")
    facts = [(names[key], f"{number:,}") for key, number in numbers.items()]
    if done.second is not None:
        rates = {"precision": done.second.precision, "misses": done.second.misses}
        facts += [(names[key], percent(found.decided.value)) for key, found in rates.items()]
        if (known := done.second.measured) is not None:
            right = tell("audit/right_of", right=known.right, cases=known.cases)
            facts.append((names["measured"], right))
    return tuple(facts)


def _actions(done: Audit, by_claim: Mapping[str, list[Finding]]) -> Iterator[Action]:
    if by_claim:
        yield from (Action(**entry) for entry in wording("audit/always"))
    for key, group in by_claim.items():
        claim = _claim(group[0])
        because = tell("audit/action_because", n=done.claims[key], title=claim.title)
        yield Action(max(one.severity for one in group).name, claim.advice, because)
    if not by_claim or done.second is None:
        yield from (Action(**entry) for entry in wording("audit/when_clear"))


def _group(done: Audit, key: str, group: Sequence[Finding]) -> Group:
    claim = _claim(group[0])
    agents = _listed(Counter(one.agent or "unnamed" for one in group))
    places = len({(one.source, one.transcript) for one in group})
    total, same = done.claims[key], _alike(group)
    shown = sum(len(alike) for alike in same[:LISTED])
    return Group(
        claim.title,
        max(one.severity for one in group).name,
        tell("audit/count", n=total, transcripts=places, agents=agents),
        detector(group[0].detector).question,
        tuple(_entry(done, alike) for alike in same[:LISTED]),
        tell("audit/more", n=total - shown) if total > shown else "",
    )


def _missed(done: Audit) -> Iterator[Group]:
    """Yield what the judge saw in the sample and no detector did."""
    missed = done.second.missed if done.second is not None else ()
    if not missed:
        return
    entries = tuple(
        Entry(
            tell("audit/missed", kind=kinds()[kind], messages=", ".join(map(str, messages))),
            f"{plain(source, 300)} · {plain(transcript, 80)}",
        )
        for source, transcript, kind, messages in missed[:LISTED]
    )
    more = tell("audit/more", n=len(missed) - LISTED) if len(missed) > LISTED else ""
    count = tell("audit/missed_count", n=len(missed))
    yield Group(tell("audit/missed_title"), "", count, tell("audit/missed_about"), entries, more)


def _alike(group: Sequence[Finding]) -> list[list[Finding]]:
    """Put findings together that say the same of different transcripts."""
    found: dict[str, list[Finding]] = {}
    for one in group:
        found.setdefault(f"{one.severity} {one.beneficiary} {sentence(one)}", []).append(one)
    return sorted(found.values(), key=lambda alike: (-alike[0].severity, -len(alike)))


def _entry(done: Audit, alike: Sequence[Finding]) -> Entry:
    one = alike[0]
    whom = tell("audit/whom", beneficiary=plain(one.beneficiary, 80)) if one.beneficiary else ""
    where = tell(
        "audit/where",
        source=plain(one.source, 300),
        transcript=plain(one.transcript, 80),
        severity=one.severity.name,
        confidence=one.confidence.name,
        whom=whom,
    )
    quotes = tuple(
        (tell("audit/quote", kind=place.kind, number=place.index), plain(place.excerpt))
        for place in one.evidence[:QUOTES]
    )
    return Entry(sentence(one), where, quotes, _note(done, alike))


def _note(done: Audit, alike: Sequence[Finding]) -> str:
    opinions = [o for one in alike if (o := opinion_of(done.second, one)) is not None]
    parts = [tell("audit/same", n=len(alike) - 1)] if len(alike) > 1 else []
    if len(opinions) == 1:
        parts.append(said(opinions[0]))
    elif opinions:
        parts.append(tell("audit/opinions", counts=_listed(Counter(o.verdict for o in opinions))))
    return " · ".join(parts)


def _sure(done: Audit) -> Iterator[str]:
    levels = Counter(one.confidence for one in done.findings)
    if levels:
        counts = ", ".join(
            f"{levels[level]} {level.name}" for level in reversed(Level) if levels[level]
        )
        yield tell("audit/confidence", counts=counts)
    if done.second is None:
        yield tell("audit/no_second")
    else:
        yield from (line.strip() for line in lines(done.second, misses=False))
    if levels:
        yield tell("audit/labelled")


def _measured(name: str) -> tuple[str, ...]:
    error = measure(detector(name))
    rates = (
        "–" if rate is None else f"{100 * rate:.0f} %" for rate in (error.precision, error.recall)
    )
    return (detector(name).question, str(error.cases), *rates)


def _untested(done: Audit) -> Iterator[Entry]:
    yield from _unasked(done)
    for reason, n in done.unread.most_common():
        shown = [plain(place, 200) for place in done.examples.get(reason, [])[:PLACES]]
        more = [tell("audit/more_places", n=f"{n - PLACES:,}")] if n > PLACES else []
        yield Entry(tell("audit/unread", n=f"{n:,}", reason=plain(reason)), "; ".join(shown + more))
    for kind, n in done.passed_over.most_common():
        yield Entry(tell("audit/passed_over", n=f"{n:,}", kind=plain(kind)))
    for status, meaning in wording("audit/status_words").items():
        if done.transcripts[status]:
            told = {"n": f"{done.transcripts[status]:,}", "status": status.replace("_", " ")}
            yield Entry(tell("audit/statuses", meaning=meaning, **told))
    for note, n in done.notes.most_common():
        yield Entry(tell("audit/notes", n=f"{n:,}", note=plain(note)))
    if done.dropped:
        yield Entry(tell("audit/not_kept", n=f"{done.dropped:,}"))
    if not done.unread:
        yield Entry(tell("audit/all_read"))


def _unasked(done: Audit) -> Iterator[Entry]:
    """Yield the questions that none, or only some, of the transcripts could answer."""
    lacking = list(untested(done))
    for one in lacking:
        yield Entry(tell("audit/lacking", question=one.question), one.because)
    for question, n in partly(done):
        yield Entry(tell("audit/partly", question=question, n=f"{n:,}", read=f"{done.read:,}"))
    if all(one.detector != "watched_unwatched" for one in lacking):
        yield Entry(tell("audit/no_pairs"))


def _audited(done: Audit) -> tuple[str, ...]:
    facts = {
        "formats": _listed(done.formats),
        "agents": _listed(done.agents),
        "files": f"{done.files:,}",
        "statuses": _listed(done.transcripts),
    }
    return tuple(tell(f"audit/audited/{n}", **facts) for n in range(len(wording("audit/audited"))))


def _listed(tally: Counter[str]) -> str:
    most = tally.most_common(NAMED)
    shown = ", ".join(f"{plain(name, 60).replace('_', ' ')} ({n:,})" for name, n in most)
    return f"{shown} …" if len(tally) > NAMED else shown
