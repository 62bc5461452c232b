"""An audit of judges as rows, as JSON and as sentences; the words are in ``texts/``."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from typing import Any

import orjson

from peerpact.audit.findings import Level
from peerpact.audit.judges.answers import Answer, Estimate, JudgeAudit, Untested
from peerpact.audit.judges.arms import BARE
from peerpact.audit.judges.columns import vocabulary
from peerpact.audit.judges.run import QUESTIONS
from peerpact.text import read_yaml, render

__all__ = [
    "action",
    "cell",
    "clean",
    "number",
    "sentence",
    "summary",
    "title",
    "to_csv",
    "to_json",
    "to_markdown",
    "to_rows",
    "untested_lines",
    "worst",
]

Row = dict[str, Any]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
MOST_LINES = 12
"""Answers of one question that a summary shows besides the findings."""

MOST_NAMES = 4
"""Judges that a summary names together."""

_FORMULA = ("=", "+", "-", "@")


@lru_cache(maxsize=4)
def _texts(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_yaml(files(__package__) / "texts" / f"{name}.yaml")
    return found


def clean(text: str) -> str:
    """Return a name from the table safe to print: no control or invisible characters."""
    return _CONTROL.sub("", text)


def number(value: float) -> str:
    """Return a signed number as sentences show it."""
    return f"{value:+.2f}" if abs(value) < 10 else f"{value:+.1f}"


def to_rows(audit: JudgeAudit) -> list[Row]:
    """Return one row an answer, with the same keys in each."""
    return [_row(answer) for answer in audit.answers]


def _row(answer: Answer) -> Row:
    shared = {
        "judge": clean(answer.judge),
        "question": answer.question,
        "quantity": answer.quantity,
        "scope": answer.scope,
        "state": _state(answer),
    }
    if isinstance(answer, Untested):
        empty = dict.fromkeys(("value", "low", "high", "p", "adjusted", "n", "control"))
        return {**shared, **empty, "sentence": sentence(answer)}
    control = _texts("reasons")["controls"][answer.control]
    numbers = {
        "value": answer.value,
        "low": answer.low,
        "high": answer.high,
        "p": answer.p,
        "adjusted": answer.adjusted,
        "n": answer.n,
        "control": control,
    }
    return {**shared, **numbers, "sentence": sentence(answer)}


def _state(answer: Answer) -> str:
    if isinstance(answer, Untested):
        return "untested"
    if answer.flagged is None:
        return "described"
    return "found" if answer.flagged else "clear"


def sentence(answer: Answer) -> str:
    """Return what an answer says, for a reader who knows no statistics."""
    if isinstance(answer, Untested):
        frame = _texts("summary")
        what = ""
        if answer.quantity:
            title = _texts("questions")[answer.question]["quantities"][answer.quantity]["title"]
            at = _at("at_scope", answer.scope)
            what = render(frame["what"], {"quantity": title, "scope": at})
        facts = {"judge": clean(answer.judge), "what": what, "reason": _reason(answer)}
        return render(frame["untested"], facts)
    quantity = _texts("questions")[answer.question]["quantities"][answer.quantity]
    template = quantity[_form(answer)]
    text = render(template, _facts(answer))
    plain_start = template.startswith("{{ where }}") and not template[11:].startswith("{{")
    text = text[:1].upper() + text[1:] if plain_start else text
    if not answer.only_uncorrected:
        return text
    p, adjusted = (f"{one:.2g}" for one in (answer.p or 0.0, answer.adjusted or 0.0))
    return render(_texts("summary")["corrected"], {"text": text, "p": p, "adjusted": adjusted})


def _form(estimate: Estimate) -> str:
    described = (
        "described" in _texts("questions")[estimate.question]["quantities"][estimate.quantity]
    )
    if described:
        return "described"
    rejected = estimate.adjusted is not None and (
        estimate.flagged or (estimate.direction * estimate.value < 0 and _below(estimate))
    )
    if not rejected:
        return "none"
    return "up" if estimate.value > 0 else "down"


def _below(estimate: Estimate) -> bool:
    """Whether the test rejected in the direction that is no finding."""
    return estimate.adjusted is not None and estimate.adjusted <= 1 - estimate.level


def _facts(estimate: Estimate) -> Row:
    where = _at("where", estimate.scope)
    share = _texts("questions")[estimate.question]["quantities"][estimate.quantity]["unit"]
    signed = estimate.p is not None and share == "share"
    percent = "{:+.0f}" if signed else "{:.0f}"
    facts: Row = {
        "judge": clean(estimate.judge),
        "where": where,
        "value": number(estimate.value),
        "low": number(estimate.low),
        "high": number(estimate.high),
        "percent": percent.format(100 * estimate.value),
        "low_percent": percent.format(100 * estimate.low),
        "high_percent": percent.format(100 * estimate.high),
        "n": estimate.n,
        "power": _power(estimate),
    }
    for name, value in estimate.facts.items():
        facts[name] = f"{value:.2f}" if isinstance(value, float) else value
        if name == "reported" and value is not None:
            facts["reported_percent"] = f"{100 * value:.0f}"
    return facts


def _at(text: str, scope: str) -> str:
    """Return which part of the table an answer is about; nothing for all of it."""
    bare = f"{text}_bare" if scope == BARE else text
    return render(_texts("summary")[bare], {"scope": scope}) if scope else ""


def _power(estimate: Estimate) -> str:
    if estimate.detectable is None or estimate.only_uncorrected:
        return ""
    return render(_texts("summary")["power"], {"detectable": f"{estimate.detectable:.1f}"})


def _reason(answer: Untested) -> str:
    facts = dict(answer.facts)
    if "role" in facts:
        facts["tried"] = ", ".join(vocabulary().roles.get(facts["role"], ()))
    if "with" in facts:
        facts["with"] = _texts("summary")["and"].join(
            _texts("reasons")["held"][name] for name in facts["with"]
        )
    shown = {k: f"{v:.3g}" if isinstance(v, float) else v for k, v in facts.items()}
    return render(_texts("reasons")["reasons"][answer.reason], shown, answer.reason)


def summary(audit: JudgeAudit) -> list[str]:
    """Return the audit in sentences: what was used, what was found, and question by question the rest."""
    return [*_head(audit), *(line for question in QUESTIONS for line in _about(audit, question))]


def _head(audit: JudgeAudit) -> Iterator[str]:
    frame, reasons = _texts("summary"), _texts("reasons")["excluded"]
    counts: dict[str, int] = dict(audit.skipped)
    for judge in audit.coverage:
        for reason, n in judge.excluded.items():
            counts[reason] = counts.get(reason, 0) + n
    missing = sum(judge.rows for judge in audit.coverage)
    if audit.rows > missing:
        counts["judge_missing"] = audit.rows - missing
    listed = [
        render(frame["reason"], {"n": n, "reason": reasons.get(reason, reason)})
        for reason, n in sorted(counts.items())
    ]
    excluded = (
        render(frame["left_out"], {"reasons": ", ".join(listed)}) if listed else frame["all_used"]
    )
    yield render(
        frame["head"],
        {
            "scored": sum(judge.scored for judge in audit.coverage),
            "rows": audit.rows + sum(audit.skipped.values()),
            "judges": len(audit.coverage),
            "excluded": excluded,
        },
    )
    yield from (render(frame["caveat"], {"caveat": note}) for note in notes(audit))
    if audit.sequential is not None:
        yield render(frame["repeated"], {"looks": audit.sequential.looks})
    method = {"method": frame["methods"][audit.multiplicity], "alpha": audit.alpha}
    n = len(audit.findings)
    yield render(frame["findings" if n else "no_findings"], {"n": n, **method})
    if any(a.question == "stakes" for a in audit.findings):
        yield frame["meaning"]


def _about(audit: JudgeAudit, question: str) -> Iterator[str]:
    answers = [a for a in audit.answers if a.question == question]
    if not answers:
        return
    frame, reasons = _texts("summary"), _texts("reasons")
    yield ""
    yield render(frame["question"], {"title": _texts("questions")[question]["title"]})
    estimates = [a for a in answers if isinstance(a, Estimate)]
    found = [a for a in estimates if a.flagged]
    rest = [a for a in estimates if not a.flagged]
    for estimate in (*found, *rest[:MOST_LINES]):
        yield "- " + sentence(estimate)
        yield from ("  " + line for line in _items(estimate))
    if len(rest) > MOST_LINES:
        yield "- " + render(frame["more"], {"n": len(rest) - MOST_LINES})
    for control in dict.fromkeys(a.control for a in estimates):
        yield render(frame["control"], {"control": reasons["controls"][control]})
    for caveat in dict.fromkeys(c for a in estimates for c in a.caveats):
        yield render(frame["caveat"], {"caveat": reasons["caveats"][caveat]})
    yield from ("- " + line for line in untested_lines(audit, question))


def untested_lines(audit: JudgeAudit, question: str) -> Iterator[str]:
    """Yield one sentence for all judges of whom the same could not be tested for the same reason."""
    answers = audit.untested(question)
    frame = _texts("summary")
    groups: dict[str, list[str]] = {}
    for answer in answers:
        groups.setdefault(sentence(replace(answer, judge="\0")), []).append(clean(answer.judge))
    for text, judges in groups.items():
        names = ", ".join(judges[:MOST_NAMES])
        more = len(judges) - MOST_NAMES
        who = render(frame["and_others"], {"names": names, "n": more}) if more > 0 else names
        yield who + text


def _items(estimate: Estimate) -> Iterator[str]:
    frame = _texts("summary")["pivotal_item"]
    for item in estimate.items[:5]:
        facts = {k: clean(v) if isinstance(v, str) else f"{v:g}" for k, v in asdict(item).items()}
        yield render(frame, {"judge": clean(estimate.judge), **facts})


def title(question: str) -> str:
    """Return a question in words."""
    return str(_texts("questions")[question]["title"])


def action(question: str) -> Mapping[str, str]:
    """Return how severe a finding of a question is, and what to do; empty for one that only describes."""
    found: Mapping[str, str] = _texts("actions").get(question, {})
    return found


def compared_with(estimate: Estimate) -> str:
    """Return what a judge was compared with."""
    return str(_texts("reasons")["controls"][estimate.control])


def caveats(estimate: Estimate) -> list[str]:
    """Return what a reader of an estimate has to know."""
    return [_texts("reasons")["caveats"][caveat] for caveat in estimate.caveats]


def notes(audit: JudgeAudit) -> list[str]:
    """Return what a reader has to know about the table."""
    return [str(_texts("reasons")["notes"][note]) for note in audit.notes]


def excluded(reason: str) -> str:
    """Return in words why a row was left out."""
    return str(_texts("reasons")["excluded"].get(reason, reason))


def worst(audit: JudgeAudit) -> Level | None:
    """Return the highest severity of what stands."""
    return max((Level[action(e.question)["severity"]] for e in audit.findings), default=None)


def to_json(audit: JudgeAudit) -> bytes:
    """Return the whole audit as JSON."""
    document = {
        "alpha": audit.alpha,
        "multiplicity": audit.multiplicity,
        "rows": audit.rows,
        "skipped": dict(audit.skipped),
        "columns": dict(audit.columns),
        "scale": list(audit.scale) if audit.scale else None,
        "notes": notes(audit),
        "judges": [_plain(asdict(judge)) for judge in audit.coverage],
        "answers": [_document(answer) for answer in audit.answers],
        "repeated": None
        if audit.sequential is None
        else {"looks": audit.sequential.looks, "rows": audit.sequential.rows},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)


def _document(answer: Answer) -> Row:
    found = {"state": _state(answer), "sentence": sentence(answer), **_plain(_fields(answer))}
    if isinstance(answer, Untested):
        return {**found, "because": _reason(answer)}
    texts = _texts("reasons")
    caveats = [texts["caveats"][caveat] for caveat in answer.caveats]
    return {**found, "compared_with": texts["controls"][answer.control], "mind": caveats}


def _fields(answer: Answer) -> Row:
    names = [name for name in type(answer).__dataclass_fields__ if name != "items"]
    found = {name: getattr(answer, name) for name in names}
    if isinstance(answer, Estimate):
        found["items"] = [asdict(item) for item in answer.items]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return clean(value) if isinstance(value, str) else value


def to_csv(audit: JudgeAudit) -> str:
    """Return the rows as CSV; a cell that a spreadsheet would run as a formula is quoted."""
    rows = to_rows(audit)
    columns = [*_texts("summary")["columns"], "sentence"]
    stream = StringIO()
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
    return stream.getvalue()


def cell(value: Any) -> Any:
    """Return a value for CSV; a spreadsheet would run some texts as formulas, so these are quoted."""
    risky = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if risky else value


def to_markdown(audit: JudgeAudit) -> str:
    """Return the summary as Markdown; names from the table are not markup."""
    return "\n".join(_markdown(summary(audit))) + "\n"


def _markdown(lines: Sequence[str]) -> Iterator[str]:
    titles = {_texts("questions")[question]["title"] for question in QUESTIONS}
    for line in lines:
        escaped = re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", line)
        yield f"## {line}\n" if line in titles else escaped
