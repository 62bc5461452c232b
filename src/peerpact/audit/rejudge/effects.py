"""Replies → paired effects: each item against itself in the other arm, corrected over judges."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from peerpact.audit.inquiry import ANSWERED, Reply
from peerpact.audit.judges import CORRECTIONS, Answer, Estimate, Untested
from peerpact.audit.judges.signflip import LEAST_PAIRS, sign_flip
from peerpact.audit.judges.table import Floats
from peerpact.audit.rejudge.items import Item
from peerpact.audit.rejudge.plan import Asked, Plan
from peerpact.statistics import agreeing, paired_arrays

__all__ = ["Judged", "Rejudged", "rejudged"]

POWER = 0.8
EFFECT, REACHED, PAST, MISSING = "effect", "reached", "past", "missing"
NOT_ASKED = "not_asked"
FEW_PAIRS = "few_pairs"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One judgment that was asked for, and what came of it."""

    asked: Asked
    reply: Reply | None
    """None where it was not made, for want of time or money."""

    @property
    def score(self) -> float | None:
        """The score, where one was given."""
        if self.reply is None or self.reply.answer is None:
            return None
        return float(self.reply.answer["score"])

    @property
    def outcome(self) -> str:
        """scored, not_asked, or why there is no score."""
        if self.reply is None:
            return NOT_ASKED
        return "scored" if self.reply.outcome == ANSWERED else self.reply.outcome


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What a re-judgment shows."""

    plan: Plan
    rows: tuple[Judged, ...]
    answers: tuple[Answer, ...]
    outcomes: Mapping[str, Mapping[str, Mapping[str, int]]]
    """Judge → arm → outcome → how many."""
    alpha: float
    multiplicity: str
    cost: float | None
    """US dollars; None where the price of a judge is unknown."""

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Judges whose effect could not be measured for want of valid answers, though items were enough."""
        few = (a for a in self.answers if isinstance(a, Untested) and a.quantity == EFFECT)
        enough = len(self.plan.items) >= LEAST_PAIRS
        return tuple(a.judge for a in few if enough and a.reason == FEW_PAIRS)

    @property
    def findings(self) -> tuple[Estimate, ...]:
        """The effects that stand after correction."""
        return tuple(a for a in self.answers if isinstance(a, Estimate) and a.flagged)


def rejudged(
    plan: Plan, replies: Mapping[str, Reply], *, alpha: float = 0.05, multiplicity: str = "holm"
) -> Rejudged:
    """Estimate what the change does to each judge.

    Args:
        plan: What was asked for.
        replies: What came back, by identity.
        alpha: Error rate; intervals are at level 1 - alpha.
        multiplicity: ``holm`` or ``bh``, over judges, for each quantity.
    """
    by_judge = {
        judge.name: tuple(Judged(a, replies.get(a.question.identity)) for a in asked)
        for judge, asked in plan.asked.items()
    }
    answers = [a for name, rows in by_judge.items() for a in _answers(name, rows, plan, 1 - alpha)]
    rows = tuple(row for rows in by_judge.values() for row in rows)
    costs = [row.reply.cost for row in rows if row.reply is not None]
    return Rejudged(
        plan,
        rows,
        tuple(_corrected(answers, alpha, multiplicity)),
        {name: _outcomes(rows, plan) for name, rows in by_judge.items()},
        alpha,
        multiplicity,
        None if None in costs else float(sum(c or 0.0 for c in costs)),
    )


def _outcomes(rows: Iterable[Judged], plan: Plan) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Counter[str]] = {arm: Counter() for arm in plan.setting.change.arms}
    for row in rows:
        found[row.asked.arm][row.outcome] += 1
    return found


def _answers(judge: str, rows: Sequence[Judged], plan: Plan, level: float) -> Iterator[Answer]:
    control, treated = plan.setting.change.arms
    means = _means(rows)
    pairs = [(i, means[i, control], means[i, treated]) for i in plan.items
             if (i, control) in means and (i, treated) in means]  # fmt: skip
    lost = {"pair_incomplete": len(plan.items) - len(pairs)} if len(pairs) < len(plan.items) else {}
    differences = np.array([b - a for _, a, b in pairs])
    name = plan.setting.change.name
    yield _bounded(_points(judge, name, EFFECT, differences, level, "other_arm", lost), plan, means)
    yield _bounded(_reached(judge, name, pairs, level, lost), plan, means)
    yield from _missing(judge, name, rows, plan, level)
    yield _past(judge, name, rows, control, level)


def _bounded(answer: Answer, plan: Plan, means: Mapping[tuple[Item, str], float]) -> Answer:
    """Add between what the difference over all planned items lies, whatever the missing scores would have been."""
    if isinstance(answer, Untested) or not answer.left_out:
        return answer
    scale, arms = plan.setting.scale, plan.setting.change.arms
    edges = []
    for item in plan.items:
        found = (means.get((item, arm)) for arm in arms)
        low0, high0, low1, high1 = (
            _counted(edge, item, answer.quantity)
            for score in found
            for edge in ((scale.lowest, scale.highest) if score is None else (score, score))
        )
        if answer.quantity == EFFECT or item.bar is not None:
            edges.append((low1 - high0, high1 - low0))
    lowest, highest = (float(edge) for edge in np.mean(edges, axis=0))
    whole = {"of": len(edges), "lowest": lowest, "highest": highest}
    return replace(answer, facts={**answer.facts, **whole})


def _counted(score: float, item: Item, quantity: str) -> float:
    """Return a score as a quantity counts it: in points, or as a pass."""
    return float(score >= item.bar) if quantity == REACHED and item.bar is not None else score


def _missing(
    judge: str, question: str, rows: Sequence[Judged], plan: Plan, level: float
) -> Iterator[Answer]:
    """Compare how many items lack a score in each arm; what was not asked is not looked at."""
    control, treated = plan.setting.change.arms
    scored: dict[tuple[Item, str], bool] = {}
    for row in rows:
        if row.outcome != NOT_ASKED:
            key = row.asked.item, row.asked.arm
            scored[key] = scored.get(key, True) and row.score is not None
    pairs = [
        (not scored[i, treated], not scored[i, control])
        for i in plan.items
        if (i, treated) in scored and (i, control) in scored
    ]
    if not any(one or other for one, other in pairs):
        return
    found = paired_arrays(*zip(*pairs, strict=True), level=level)
    low, high = agreeing(found.low, found.high, 1.0 if found.p is None else found.p, level=level)
    yield Estimate(
        judge, question, MISSING, "", found.value or 0.0, low, high, level, found.test, "other_arm",
        "item", found.pairs, found.p, facts={"over": found.only1, "under": found.only0},
    )  # fmt: skip


def _means(rows: Iterable[Judged]) -> Mapping[tuple[Item, str], float]:
    scores: dict[tuple[Item, str], list[float]] = defaultdict(list)
    for row in rows:
        if row.score is not None:
            scores[row.asked.item, row.asked.arm].append(row.score)
    return {key: sum(found) / len(found) for key, found in scores.items()}


def _points(
    judge: str,
    question: str,
    quantity: str,
    differences: Floats,
    level: float,
    control: str,
    lost: Mapping[str, int],
) -> Answer:
    n = len(differences)
    if n < LEAST_PAIRS:
        facts = {"pairs": n, "needed": LEAST_PAIRS}
        return Untested(judge, question, FEW_PAIRS, facts, quantity)
    if not differences.any():
        return Untested(judge, question, "no_difference", {"pairs": n}, quantity)
    tested = sign_flip(differences, level=level)
    z = float(stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(POWER))
    facts = {"raised": int((differences > 0).sum()), "lowered": int((differences < 0).sum())}
    return Estimate(
        judge, question, quantity, "", tested.value, tested.low, tested.high, level, tested.test,
        control, "item", n, tested.p, detectable=z * tested.error or None, left_out=lost, facts=facts,
    )  # fmt: skip


def _reached(
    judge: str,
    question: str,
    pairs: Sequence[tuple[Item, float, float]],
    level: float,
    lost: Mapping[str, int],
) -> Answer:
    barred = [(i.bar, a, b) for i, a, b in pairs if i.bar is not None]
    if len(barred) < LEAST_PAIRS:
        facts = {"pairs": len(barred), "needed": LEAST_PAIRS}
        return Untested(judge, question, "few_bars", facts, REACHED)
    found = paired_arrays(
        [b >= bar for bar, _, b in barred], [a >= bar for bar, a, _ in barred], level=level
    )
    low, high = agreeing(found.low, found.high, 1.0 if found.p is None else found.p, level=level)
    facts = {"over": found.only1, "under": found.only0}
    return Estimate(
        judge, question, REACHED, "", found.value or 0.0, low, high, level, found.test,
        "other_arm", "item", found.pairs, found.p, left_out=lost, facts=facts,
    )  # fmt: skip


def _past(judge: str, question: str, rows: Sequence[Judged], control: str, level: float) -> Answer:
    """Compare the control arm with what the same judge, or everybody, gave to the items before."""
    now = _means(row for row in rows if row.asked.arm == control)
    differences, own = [], 0
    for (item, _), score in now.items():
        before = _before(item, judge)
        own += judge in item.past
        if before is not None:
            differences.append(score - before)
    answer = _points(judge, question, PAST, np.array(differences), level, "past_scores", {})
    if isinstance(answer, Estimate):
        return replace(answer, p=None, facts={**answer.facts, "own": own})
    return answer


def _before(item: Item, judge: str) -> float | None:
    if judge in item.past:
        return item.past[judge]
    return sum(item.past.values()) / len(item.past) if item.past else None


def _corrected(answers: Sequence[Answer], alpha: float, multiplicity: str) -> list[Answer]:
    found: list[Any] = list(answers)
    for quantity in (EFFECT, REACHED, MISSING):
        places = [
            i for i, a in enumerate(found) if isinstance(a, Estimate) and a.quantity == quantity
        ]
        correction = CORRECTIONS[multiplicity]([found[i].p for i in places], alpha=alpha)
        changes = zip(places, correction.adjusted, correction.rejected, strict=True)
        for place, adjusted, rejected in changes:
            found[place] = replace(found[place], adjusted=adjusted, flagged=rejected)
    return found
