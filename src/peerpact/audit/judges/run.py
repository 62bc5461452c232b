"""The audit: every question about every judge, corrected for the number of judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite

from peerpact.audit.judges import (
    agreement,
    bar,
    drift,
    dropout,
    favour,
    leniency,
    pivotal,
    relationship,
    stakes,
    truth,
)
from peerpact.audit.judges.answers import (
    Answer,
    Coverage,
    Estimate,
    JudgeAudit,
    Untested,
    with_correction,
)
from peerpact.audit.judges.arms import MOST_BARS
from peerpact.audit.judges.bets import Evidence
from peerpact.audit.judges.comparison import Comparison, compare
from peerpact.audit.judges.cores import side_by_side
from peerpact.audit.judges.families import FamilyMap, read_families
from peerpact.audit.judges.panel import Panel
from peerpact.audit.judges.sequential import (
    SequentialState,
    evidence_of,
    resumed,
)
from peerpact.audit.judges.table import ScoreTable
from peerpact.audit.judges.view import View, views
from peerpact.errors import StudyError, allowed
from peerpact.statistics import Correction, benjamini_hochberg, holm

__all__ = ["CORRECTIONS", "QUESTIONS", "audit"]

CORRECTIONS: Mapping[str, Callable[..., Correction]] = {"holm": holm, "bh": benjamini_hochberg}

QUESTIONS = (
    leniency.QUESTION,
    favour.QUESTION,
    stakes.QUESTION,
    bar.QUESTION,
    relationship.QUESTION,
    relationship.INTERACTION,
    pivotal.QUESTION,
    agreement.QUESTION,
    drift.QUESTION,
    truth.QUESTION,
    dropout.QUESTION,
)
"""In the order in which a report shows them."""

_FACTORS = (stakes.QUESTION, relationship.QUESTION, relationship.INTERACTION)


def audit(
    table: ScoreTable,
    *,
    families: FamilyMap | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    sequential: SequentialState | None = None,
) -> JudgeAudit:
    """Ask every question about every judge of a table.

    Args:
        table: The scores.
        families: Who is kin to whom; by default the built-in map.
        alpha: Error rate; intervals are at level 1 - alpha.
        multiplicity: ``holm`` keeps the chance of any false finding among the judges and scopes of
            one question at alpha; ``bh`` keeps the expected share of false findings.
        sequential: What the last audit of this table, when it was shorter, left. Then only
            questions with evidence that holds at every look are flagged.

    Raises:
        StudyError: The correction does not exist, or earlier rows of the table have changed.
    """
    if multiplicity not in CORRECTIONS:
        hint = allowed(multiplicity, CORRECTIONS)
        raise StudyError("no such correction", where="multiplicity", found=multiplicity, hint=hint)
    if not 0 < alpha < 1:
        raise StudyError("alpha lies between 0 and 1", where="alpha", found=alpha)
    state = resumed(sequential, table) if sequential else None
    panel = Panel(table, families or read_families())
    judges = views(table)
    answers = list(_answers(table, panel, judges, 1 - alpha))
    if state:
        answers, state = _repeated(answers, panel, judges, state)
    else:
        answers = _corrected(answers, alpha, multiplicity)
    answers.sort(key=lambda answer: QUESTIONS.index(answer.question))
    return JudgeAudit(
        tuple(answers),
        tuple(_coverage(table, panel, judges)),
        table.columns,
        table.scale,
        table.rows,
        table.skipped,
        table.notes,
        alpha,
        multiplicity,
        state,
    )


def _answers(
    table: ScoreTable, panel: Panel, judges: Sequence[View], level: float
) -> Iterator[Answer]:
    for found in side_by_side(lambda view: list(_about(view, panel, level)), judges):
        yield from found
    yield agreement.together(panel, level)
    yield from dropout.answers(table, level)


def _about(view: View, panel: Panel, level: float) -> Iterator[Answer]:
    if view.table.rows == 0:
        yield from (Untested(view.judge, question, "no_score") for question in QUESTIONS[:-1])
        return
    yield from leniency.answers(view, panel, level)
    yield from favour.answers(view, panel, level)
    yield from _factors(view, level)
    yield from bar.answers(view, level)
    yield from pivotal.answers(view, panel, level)
    yield from agreement.answers(view, panel, level)
    yield from drift.answers(view, panel, level)
    yield from truth.answers(view, level)


def _comparisons(view: View) -> Iterator[Comparison]:
    yield from stakes.comparisons(view)
    yield from relationship.comparisons(view)
    yield from relationship.interactions(view)


def _factors(view: View, level: float) -> Iterator[Answer]:
    asked = set()
    for comparison in _comparisons(view):
        asked.add(comparison.question)
        yield compare(comparison, level=level)
    for question in _FACTORS:
        if question not in asked:
            yield Untested(view.judge, question, "no_column", {"role": _lacking(view, question)})
    bars, rows = view.arms.bars_beyond()
    if asked and bars:
        facts = {"bars": bars, "rows": rows, "most": MOST_BARS}
        yield from (Untested(view.judge, q, "many_bars", facts) for q in sorted(asked))


def _lacking(view: View, question: str) -> str:
    if question == relationship.INTERACTION and "relationship" in view.table.labels:
        return "stakes"
    return "stakes" if question == stakes.QUESTION else "relationship"


def _corrected(answers: Sequence[Answer], alpha: float, multiplicity: str) -> list[Answer]:
    """Correct the p-values of each question and quantity over judges and scopes."""
    found = list(answers)
    for places in _together(found).values():
        p_values = [a.p for a in (found[i] for i in places) if isinstance(a, Estimate)]
        correction = CORRECTIONS[multiplicity](p_values, alpha=alpha)
        changes = zip(places, correction.adjusted, correction.rejected, strict=True)
        for place, adjusted, rejected in changes:
            estimate = found[place]
            if isinstance(estimate, Estimate):
                found[place] = with_correction(estimate, adjusted, rejected)
    return found


def _together(answers: Sequence[Answer]) -> dict[tuple[str, str], list[int]]:
    groups: dict[tuple[str, str], list[int]] = {}
    for place, answer in enumerate(answers):
        if isinstance(answer, Estimate):
            groups.setdefault(answer.family, []).append(place)
    return groups


def _repeated(
    answers: Sequence[Answer], panel: Panel, judges: Sequence[View], state: SequentialState
) -> tuple[list[Answer], SequentialState]:
    """Replace p-values and limits by those that hold at every look; without such evidence nothing is flagged."""
    evidences = dict(_evidences(panel, judges, state))
    found = [
        _at_every_look(a, evidences.get(_key(a))) if isinstance(a, Estimate) else a for a in answers
    ]
    found = _corrected(found, state.alpha, state.multiplicity)
    return found, replace(state, evidence=_kept(found, evidences, state))


def _at_every_look(answer: Estimate, seen: Evidence | None) -> Answer:
    if seen is None:
        late = ("single_look_only",) if answer.p is not None else ()
        return replace(answer, p=None, detectable=None, caveats=(*answer.caveats, *late))
    if not isfinite(seen.low) or not isfinite(seen.high):
        facts = {"pairs": seen.pairs}
        return Untested(
            answer.judge, answer.question, "few_pairs_yet", facts, answer.quantity, answer.scope
        )
    of_these = ("bets_on_rows",) if answer.question == leniency.QUESTION else ()
    others = tuple(caveat for caveat in answer.caveats if caveat != "these_models_only")
    return replace(
        answer,
        value=seen.mean,
        low=seen.low,
        high=seen.high,
        p=seen.p,
        e_value=seen.now,
        test="bets",
        unit="pair",
        n=seen.pairs,
        detectable=None,
        caveats=(*others, *of_these),
    )


def _key(part: Estimate | Comparison) -> str:
    return "\t".join((part.judge, part.question, part.quantity, part.scope))


def _evidences(
    panel: Panel, judges: Sequence[View], state: SequentialState
) -> Iterator[tuple[str, Evidence]]:
    for view in judges:
        parts = [*_comparisons(view), *bar.comparisons(view), *leniency.comparisons(view, panel)]
        for part in parts:
            yield _key(part), evidence_of(part, state.alpha)


def _kept(
    answers: Sequence[Answer], evidences: Mapping[str, Evidence], state: SequentialState
) -> dict[str, Mapping[str, float]]:
    flagged = {_key(a) for a in answers if isinstance(a, Estimate) and a.flagged}
    kept: dict[str, Mapping[str, float]] = {}
    for key, seen in evidences.items():
        before = dict(state.evidence.get(key, {}))
        row = {"e": seen.now, "highest": seen.highest, "pairs": float(seen.pairs)}
        if key in flagged:
            row["flagged_at"] = before.get("flagged_at", float(state.rows))
        kept[key] = row
    return kept


def _coverage(table: ScoreTable, panel: Panel, judges: Sequence[View]) -> Iterator[Coverage]:
    judge = table.labels["judge"].codes
    for view in judges:
        mine = judge == view.number
        yield Coverage(
            view.judge,
            int(mine.sum()),
            view.table.rows,
            table.excluded.take(mine.nonzero()[0]).counts(),
            tuple(sorted(panel.judge_kin[view.number])),
        )
