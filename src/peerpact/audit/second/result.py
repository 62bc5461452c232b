"""Replies → how often findings are right, and how often something is missed; nothing is corrected silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from peerpact.audit.findings import Finding
from peerpact.audit.inquiry import ANSWERED, Reply
from peerpact.audit.second.cases import Labelled, Measured, measured
from peerpact.audit.second.choose import Chosen
from peerpact.audit.second.questions import Checked
from peerpact.statistics import Bounds, Interval, bounds, clustered_rate, rate

__all__ = ["Opinion", "Rate", "SecondStage", "second_stage"]

NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the judge says of one finding."""

    finding: Finding
    verdict: str
    """confirmed, contradicted, unclear, or why there is none."""
    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share among what was decided, and its bounds over all that was asked."""

    decided: Interval
    worst: Bounds
    """The lowest and highest share that undecided ones allow."""


@dataclass(frozen=True, slots=True)
class SecondStage:
    """What a judge says of what the first stage flagged, and of a sample that it did not."""

    judge: str
    chosen: Chosen
    opinions: tuple[Opinion, ...]
    precision: Rate
    """Share of the findings that the judge confirms."""
    by_claim: Mapping[str, Rate]
    misses: Rate
    """Share of the sampled transcripts in which the judge sees something that was not flagged."""
    missed: tuple[tuple[str, str, str, tuple[int, ...]], ...]
    """Source, transcript, kind and messages of what was missed in the sample."""
    outcomes: Mapping[str, int]
    """Questions by what came of them."""
    shortened: int
    """Transcripts that the judge did not read in full."""
    cost: float | None
    problem: str = ""
    measured: Measured | None = None
    """How the judge does on labelled cases, where it was asked."""


def second_stage(
    judge: str,
    chosen: Chosen,
    checked: Sequence[Checked],
    replies: Mapping[str, Reply],
    problem: str = "",
    known: Sequence[Labelled] = (),
) -> SecondStage:
    """Estimate precision and misses from a judge's verdicts.

    Args:
        judge: Who was asked.
        chosen: What was drawn.
        checked: The questions.
        replies: What came back, by identity.
        problem: Why questions have no reply, where some have none.
        known: Labelled cases that the judge was asked, too.
    """
    opinions = tuple(
        o for one in checked for o in _opinions(one, replies.get(one.question.identity))
    )
    clear = [one for one in checked if not one.findings]
    seen = [_others(replies.get(one.question.identity)) for one in clear]
    found = [s for s in seen if s is not None]
    asked = (*checked, *(one.checked for one in known))
    costs = [replies[c.question.identity].cost for c in asked if c.question.identity in replies]
    return SecondStage(
        judge,
        chosen,
        opinions,
        _precision(opinions, chosen.seed),
        {claim: _precision(group, chosen.seed) for claim, group in _groups(opinions)},
        Rate(
            rate(sum(map(bool, found)), len(found)),
            bounds(sum(map(bool, found)), len(found), len(seen)),
        ),
        tuple(
            (one.transcript.source, one.transcript.id, kind, messages)
            for one, others in zip(clear, seen, strict=True)
            for kind, messages in others or ()
        ),
        Counter(_outcome(replies.get(one.question.identity)) for one in checked),
        sum(one.shortened for one in checked),
        None if None in costs else sum(c or 0.0 for c in costs),
        problem,
        measured(known, replies) if known else None,
    )


def _outcome(reply: Reply | None) -> str:
    return NOT_ASKED if reply is None else reply.outcome


def _opinions(one: Checked, reply: Reply | None) -> Iterator[Opinion]:
    answer = reply.answer if reply is not None and reply.outcome == ANSWERED else None
    given = {v["claim"]: v for v in answer["verdicts"]} if answer else {}
    for n, finding in enumerate(one.findings, start=1):
        verdict = given.get(n)
        if verdict is None:
            yield Opinion(finding, _outcome(reply), ())
        else:
            yield Opinion(finding, verdict["verdict"], tuple(verdict["messages"]))


def _others(reply: Reply | None) -> list[tuple[str, tuple[int, ...]]] | None:
    if reply is None or reply.outcome != ANSWERED or reply.answer is None:
        return None
    return [(other["kind"], tuple(other["messages"])) for other in reply.answer["others"]]


def _precision(opinions: Sequence[Opinion], seed: int) -> Rate:
    decided = [o for o in opinions if o.verdict in {"confirmed", "contradicted"}]
    right = [o.verdict == "confirmed" for o in decided]
    places = [(o.finding.source, o.finding.transcript) for o in decided]
    repeated = len(set(places)) < len(places)
    shown = rate(sum(right), len(right))
    if repeated:
        shown = clustered_rate(right, places, rng=np.random.default_rng(seed)).generalised
    return Rate(shown, bounds(sum(right), len(right), len(opinions)))


def _groups(opinions: Iterable[Opinion]) -> Iterator[tuple[str, list[Opinion]]]:
    groups: dict[str, list[Opinion]] = {}
    for one in opinions:
        groups.setdefault(f"{one.finding.detector}/{one.finding.claim}", []).append(one)
    yield from sorted(groups.items())
