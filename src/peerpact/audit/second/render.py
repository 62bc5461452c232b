"""The second stage in sentences and as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from peerpact.audit.findings import Finding, plain
from peerpact.audit.second.questions import kinds, texts
from peerpact.audit.second.result import DECIDED, Opinion, Rate, SecondStage
from peerpact.text import render

__all__ = ["as_values", "lines", "opinion_of", "said", "say_plan"]

PROBLEM = 1_000
"""Characters of the reason why questions have no reply: it ends with what to do."""
LISTED = 20
"""Misses that a summary names."""


def _say(text: str, /, **facts: Any) -> str:
    return render(texts()[text], facts, f"texts.yaml:{text}")


def _percents(found: Rate) -> dict[str, Any]:
    shown = {
        "percent": found.decided.value,
        "low": found.decided.low,
        "high": found.decided.high,
        "lowest": found.worst.lowest,
        "highest": found.worst.highest,
    }
    percents = {k: "?" if v is None else f"{100 * v:.0f}" for k, v in shown.items()}
    return {**percents, "n": found.decided.n}


def lines(done: SecondStage, *, misses: bool = True) -> Iterator[str]:
    """Yield what the second stage read, what it thinks, and what it could not decide.

    Args:
        done: The second stage.
        misses: Whether to name what it saw and the first stage did not.
    """
    chosen = done.chosen
    yield _say(
        "heading",
        judge=plain(done.judge, 80),
        flagged=len(chosen.flagged),
        flagged_of=chosen.flagged_of,
        sampled=len(chosen.sampled),
        sampled_of=chosen.sampled_of,
    )
    yield from _rates(done)
    for claim, found in done.by_claim.items():
        if found.decided.value is None:
            yield "  " + _say("claim_none", claim=kinds()[claim], asked=found.worst.runs)
        else:
            right = round(found.decided.value * found.decided.n)
            yield "  " + _say("claim_rate", claim=kinds()[claim], right=right, **_percents(found))
    for source, transcript, kind, messages in done.missed[: LISTED if misses else 0]:
        where = {"source": plain(source, 200), "transcript": plain(transcript, 80)}
        yield "  " + _say("missed", kind=kinds()[kind], messages=_listed(messages), **where)
    yield from _reservations(done)


def _rates(done: SecondStage) -> Iterator[str]:
    if done.opinions and done.precision.decided.n:
        yield _with_worst("precision", done.precision)
    else:
        reason = texts()["nothing_flagged" if not done.opinions else "nothing_decided"]
        yield _say("no_precision", reason=reason)
    if done.misses.decided.n:
        yield _with_worst("misses", done.misses)
    else:
        reason = texts()["drawn" if not done.chosen.sampled else "answered"]
        yield _say("no_misses", reason=reason)
    yield texts()["judge_errs"]
    if (known := done.measured) is not None:
        facts = {"cases": known.cases, "answered": known.answered, "right": known.right}
        wrong = _say("wrong", names="; ".join(known.wrong)) if known.wrong else ""
        yield f"{_say('measured', **facts)} {wrong}".strip()


def _with_worst(text: str, found: Rate) -> str:
    facts = _percents(found)
    said = _say(text, **facts)
    return (
        f"{said} {_say('worst', open=found.worst.excluded, **facts)}"
        if found.worst.excluded
        else said
    )


def _reservations(done: SecondStage) -> Iterator[str]:
    counts: dict[str, int] = {}
    for one in done.opinions:
        if one.verdict not in DECIDED:
            counts[one.verdict] = counts.get(one.verdict, 0) + 1
    if counts:
        yield _say("undecided", counts=_tally(counts))
    yield _say("outcomes", outcomes=_tally(done.outcomes))
    if done.chosen.left_out:
        words: Mapping[str, str] = texts()["reasons"]
        reasons = ", ".join(f"{n} {words[r]}" for r, n in done.chosen.left_out.items())
        yield _say("left_out", reasons=reasons)
    if done.shortened:
        yield _say("shortened", n=done.shortened)
    yield _say("cost", cost=_money(done.cost))
    if done.problem:
        yield plain(done.problem, PROBLEM)


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in sorted(counts.items()))


def _listed(messages: tuple[int, ...]) -> str:
    return ", ".join(map(str, messages))


def _money(cost: float | None) -> str:
    return str(texts()["unknown"]) if cost is None else f"${cost:,.2f}"


def say_plan(*, cost: float | None, **facts: Any) -> str:
    """Return what a judge would be asked."""
    return _say("plan", cost=_money(cost), **facts)


def opinion_of(done: SecondStage | None, finding: Finding) -> Opinion | None:
    """Return what the judge says of a finding, where it was asked."""
    return None if done is None else next((o for o in done.opinions if o.finding is finding), None)


def said(opinion: Opinion) -> str:
    """Return an opinion in words."""
    verdict = opinion.verdict.replace("_", " ")
    if not opinion.messages:
        return _say("verdict_alone", verdict=verdict)
    return _say("verdict", verdict=verdict, messages=_listed(opinion.messages))


def as_values(done: SecondStage) -> dict[str, Any]:
    """Return the second stage as plain values."""
    chosen = done.chosen
    return {
        "judge": plain(done.judge),
        "seed": chosen.seed,
        "flagged": {"read": len(chosen.flagged), "of": chosen.flagged_of},
        "sampled": {"read": len(chosen.sampled), "of": chosen.sampled_of},
        "precision": _values(done.precision),
        "by_claim": {claim: _values(found) for claim, found in done.by_claim.items()},
        "misses": _values(done.misses),
        "missed": [
            {"source": plain(s, 1000), "transcript": plain(t), "kind": k, "messages": list(m)}
            for s, t, k, m in done.missed
        ],
        "outcomes": dict(done.outcomes),
        "left_out": dict(chosen.left_out),
        "shortened": done.shortened,
        "cost": done.cost,
        "corrected_for_errors_of_the_judge": False,
        "labelled_cases": None if done.measured is None else asdict(done.measured),
        "problem": plain(done.problem, PROBLEM),
    }


def _values(found: Rate) -> dict[str, Any]:
    decided, worst = found.decided, found.worst
    return {
        "value": decided.value,
        "low": decided.low,
        "high": decided.high,
        "level": decided.level,
        "decided": decided.n,
        "asked": worst.runs,
        "lowest": worst.lowest,
        "highest": worst.highest,
    }
