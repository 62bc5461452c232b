"""Replies → how often findings are right, and how often something is missed; nothing is corrected silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from peerpact.audit.findings import Finding
from peerpact.audit.inquiry import ANSWERED, Reply
from peerpact.audit.second.cases import Labelled, Measured, measured
from peerpact.audit.second.choose import Chosen
from peerpact.audit.second.questions import Checked
from peerpact.statistics import Bounds, Interval, bounds, clustered_rate, rate

__all__ = ["Opinion", "Rate", "SecondStage", "second_stage"]

NOT_ASKED = "not_asked"
DECIDED = frozenset({"confirmed", "contradicted"})


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the judge says of one finding."""

    finding: Finding
    verdict: str
    """confirmed, contradicted, unclear, or why there is none."""
    messages: tuple[int, ...]


_Alike: TypeAlias = tuple[str, Opinion]
"""What hangs together, and an opinion."""


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
    found = [
        (alike, opinion)
        for alike, one in _alike(checked)
        for opinion in _opinions(one, replies.get(one.question.identity))
    ]
    clear = [one for one in checked if not one.findings]
    seen = [_others(replies.get(one.question.identity)) for one in clear]
    asked = {one.question.identity for one in (*checked, *(one.checked for one in known))}
    costs = [replies[identity].cost for identity in asked if identity in replies]
    return SecondStage(
        judge,
        chosen,
        tuple(opinion for _, opinion in found),
        _precision(found, chosen.seed),
        {claim: _precision(group, chosen.seed) for claim, group in _groups(found)},
        _share(
            [
                (c.question.identity, bool(s))
                for c, s in zip(clear, seen, strict=True)
                if s is not None
            ],
            len(clear),
            chosen.seed,
        ),
        tuple(
            (one.transcript.source, one.transcript.id, kind, messages)
            for one, others in zip(clear, seen, strict=True)
            for kind, messages in others or ()
        ),
        Counter(_outcome(replies.get(one.question.identity)) for one in checked),
        len({_place(one) for one in checked if one.shortened}),
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


def _precision(found: Sequence[_Alike], seed: int) -> Rate:
    decided = [(alike, o.verdict) for alike, o in found if o.verdict in DECIDED]
    return _share([(alike, v == "confirmed") for alike, v in decided], len(found), seed)


def _share(decided: Sequence[tuple[Hashable, bool]], asked: int, seed: int) -> Rate:
    """Return a share of what was decided; what stands in one transcript, or in its copies, hangs together."""
    alike, outcomes = [key for key, _ in decided], [outcome for _, outcome in decided]
    shown = rate(sum(outcomes), len(outcomes))
    if len(set(alike)) < len(alike):
        shown = clustered_rate(outcomes, alike, rng=np.random.default_rng(seed)).generalised
    return Rate(shown, bounds(sum(outcomes), len(outcomes), asked))


def _place(one: Checked) -> tuple[str, str]:
    return one.transcript.source, one.transcript.id


def _alike(checked: Sequence[Checked]) -> Iterator[tuple[str, Checked]]:
    """Give each question with the first one about its transcript, which is the same for copies."""
    first: dict[tuple[str, str], str] = {}
    for one in checked:
        yield first.setdefault(_place(one), one.question.identity), one


def _groups(found: Sequence[_Alike]) -> Iterator[tuple[str, list[_Alike]]]:
    groups: dict[str, list[_Alike]] = {}
    for alike, one in found:
        groups.setdefault(f"{one.finding.detector}/{one.finding.claim}", []).append((alike, one))
    yield from sorted(groups.items())
