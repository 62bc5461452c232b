"""An audit as a table, Markdown, JSON or SARIF; what a transcript said is stripped, escaped, never markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from peerpact import __version__
from peerpact.audit.detector import Claim, claims, sentence
from peerpact.audit.detectors import detectors
from peerpact.audit.findings import Evidence, Finding, plain
from peerpact.audit.sarif import LEVELS, document, rule, uri
from peerpact.audit.second.render import as_values, lines, opinion_of, said
from peerpact.audit.tally import Audit, counts
from peerpact.audit.untested import untested
from peerpact.canonical import digest
from peerpact.text import read_yaml, render

__all__ = ["FORMATS", "as_json", "as_markdown", "as_sarif", "as_table"]

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~&-])")
_LINE = re.compile(
    r"^(?P<path>.*?)(?::(?P<line>[1-9]\d*))?(?:\[\d+\])*(?:#(?![^#]*\.\w{2,7}$)[^#]*)?$", re.DOTALL
)
"""A source: a file, whose own name may hold the same signs, and which line, item or session of it."""


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, Any]:
    texts: Mapping[str, Any] = read_yaml(files("peerpact.audit") / "templates" / "texts.yaml")
    return texts


def _text(name: str, **facts: Any) -> str:
    return render(_texts()[name], facts, where="texts.yaml")


def _listed(tally: Mapping[str, int]) -> str:
    most = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {plain(name, 60)}" for name, count in most)


def as_json(done: Audit) -> str:
    """Return the audit as one JSON document."""
    document = {
        "peerpact": __version__,
        "counts": counts(done),
        "not_read": {
            reason: {
                "count": count,
                "places": [plain(place, 1000) for place in done.examples[reason]],
            }
            for reason, count in done.unread.most_common()
        },
        "findings": [_found(one, done) for one in done.findings],
        "untested": [one._asdict() for one in untested(done)],
        "second_stage": None if done.second is None else as_values(done.second),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def _found(one: Finding, done: Audit) -> dict[str, Any]:
    return {
        "detector": one.detector,
        "claim": one.claim,
        "says": sentence(one),
        "agent": plain(one.agent),
        "beneficiary": plain(one.beneficiary),
        "severity": one.severity.name,
        "confidence": one.confidence.name,
        "transcript": plain(one.transcript),
        "source": plain(one.source, 1000),
        "evidence": [_cited(place) for place in one.evidence],
        "facts": {key: plain(str(value)) for key, value in one.facts.items()},
        "advice": _claim(one).advice,
        **_judged(one, done),
    }


def _judged(one: Finding, done: Audit) -> dict[str, Any]:
    opinion = opinion_of(done.second, one)
    if opinion is None:
        return {}
    return {"judge": {"verdict": opinion.verdict, "messages": list(opinion.messages)}}


def _cited(place: Evidence) -> dict[str, Any]:
    cited = {"kind": place.kind, "number": place.index, "excerpt": place.excerpt}
    return cited | ({"transcript": plain(place.transcript)} if place.transcript else {})


def _claim(one: Finding) -> Claim:
    return claims(one.detector)[one.claim]


def as_table(done: Audit) -> str:
    """Return the audit as plain text."""
    return "\n".join(_lines(done, lambda text: text, "  "))


def as_markdown(done: Audit) -> str:
    """Return the audit as Markdown in which nothing that a transcript said is markup."""
    return "\n".join(_lines(done, _escaped, "- ", title="# ", section="\n## ", gap="\n"))


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _lines(
    done: Audit,
    safe: Callable[[str], str],
    item: str,
    title: str = "",
    section: str = "\n",
    gap: str = "",
) -> Iterator[str]:
    facts = {"read": done.read, "files": done.files, "findings": sum(done.claims.values())}
    yield title + _text("heading", **facts)
    yield gap + safe(_text("statuses", statuses=_listed(done.transcripts))) + gap
    yield safe(_text("formats", formats=_listed(done.formats))) + gap
    yield from _not_read(done, safe, item)
    if done.passed_over:
        yield gap + safe(_text("passed_over", kinds=_listed(done.passed_over)))
    if done.notes:
        yield gap + _text("notes")
        for note, n in done.notes.most_common():
            yield f"{item}{safe(_text('note', n=n, note=plain(note)))}"
    if done.second is not None:
        yield section + _text("second") + gap
        yield from (f"{item}{safe(line.strip())}" for line in lines(done.second))
    if done.claims:
        yield from _what(done, safe, item, section, gap)
    else:
        yield gap + _text("nothing")
    lacking = [
        f"{item}{safe(_text('untested_one', question=one.question, because=one.because))}"
        for one in untested(done)
    ]
    if lacking:
        yield section + _text("untested") + gap
        yield from lacking


def _what(
    done: Audit, safe: Callable[[str], str], item: str, section: str, gap: str
) -> Iterator[str]:
    """Give what was found: how much of each kind, and the first findings."""
    yield section + _text("by_claim") + gap
    for claim, count in done.claims.most_common():
        detector, _, name = claim.partition("/")
        title = claims(detector)[name].title
        yield f"{item}{safe(_text('claim', count=count, title=title, claim=claim))}"
    yield section + _text("findings") + gap
    shown = done.findings[: int(_texts()["listed"])]
    advised: set[str] = set()
    for one in shown:
        yield from _one(one, safe, item, done)
        if (advice := _claim(one).advice) not in advised:
            advised.add(advice)
            yield f"    {_text('advice')}: {safe(advice)}"
    if rest := len(done.findings) - len(shown):
        yield gap + safe(_text("rest", count=rest))
    if done.dropped:
        yield gap + _text("dropped", count=done.dropped)


def _not_read(done: Audit, safe: Callable[[str], str], item: str) -> Iterator[str]:
    """Give what could not be read: counts, and some of the places for each reason."""
    yield safe(_text("unread", unread=_listed(done.unread)) if done.unread else _text("all_read"))
    most = int(_texts()["places"])
    for reason, count in done.unread.most_common():
        yield f"{item}{safe(_text('unread_places', reason=plain(reason, 60)))}"
        yield from (f"    {safe(plain(place, 200))}" for place in done.examples[reason][:most])
        if count > most:
            yield f"    {safe(_text('more_places', more=count - most))}"


def _one(one: Finding, safe: Callable[[str], str], item: str, done: Audit) -> Iterator[str]:
    strength = _text("strength", severity=one.severity.name, confidence=one.confidence.name)
    whom = _text("for_whom", beneficiary=plain(one.beneficiary, 80)) if one.beneficiary else ""
    yield f"{item}{safe(sentence(one))} [{strength}{safe(whom)}]"
    place = _text("place", source=plain(one.source, 200), transcript=plain(one.transcript, 80))
    yield f"    {safe(place)}"
    for cited in one.evidence[:3]:
        yield f"    {_text('evidence')} {cited.kind} {cited.index}: {safe(cited.excerpt)}"
    opinion = opinion_of(done.second, one)
    if opinion is not None:
        yield f"    {safe(said(opinion))}"


def as_sarif(done: Audit) -> str:
    """Return the audit as SARIF 2.1.0, for code hosts."""
    rules = [
        rule(f"{d.name}/{name}", claim.title, claim.advice, claim.severity)
        for d in detectors()
        for name, claim in d.claims.items()
    ]
    places = {found["id"]: n for n, found in enumerate(rules)}
    results = [_result(one, places, done) for one in done.findings]
    told, properties = _unread(done), {"counts": counts(done)}
    if done.second is not None:
        properties["second_stage"] = as_values(done.second)
        told += [plain(done.second.problem, 1_000)] if done.second.problem else []
    return document(rules, results, told, properties)


def _result(one: Finding, places: Mapping[str, int], done: Audit) -> dict[str, Any]:
    kind = f"{one.detector}/{one.claim}"
    found = _LINE.match(one.source)
    path, line = (found["path"], found["line"]) if found else (one.source, None)
    place: dict[str, Any] = {"artifactLocation": {"uri": uri(path)}}
    if line:
        place["region"] = {"startLine": int(line)}
    logical = [
        {"fullyQualifiedName": plain(f"{one.transcript}/{c.kind}/{c.index}")} for c in one.evidence
    ]
    return {
        "ruleId": kind,
        "ruleIndex": places[kind],
        "level": LEVELS[one.severity.name],
        "message": {"text": sentence(one)},
        "locations": [{"physicalLocation": place, "logicalLocations": logical}],
        "partialFingerprints": {"peerpact/v1": digest([kind, one.transcript, str(one.facts.get("target"))])},
        "properties": {"confidence": one.confidence.name, "agent": plain(one.agent),
                       "beneficiary": plain(one.beneficiary), **_judged(one, done)},
    }  # fmt: skip


def _unread(done: Audit) -> list[str]:
    told = done.unread.most_common()
    return [f"{n} not read: {reason}: {_places(done, reason)}" for reason, n in told]


def _places(done: Audit, reason: str) -> str:
    return plain("; ".join(done.examples[reason]), 500)


FORMATS: Mapping[str, Callable[[Audit], str]] = {
    "table": as_table,
    "md": as_markdown,
    "json": as_json,
    "sarif": as_sarif,
}
