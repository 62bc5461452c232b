"""Which scores carried a verdict: those without which a pass would have been a fail.

What a score should have been is its gold, or else what the other judges gave to the same response.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from peerpact.audit.judges.answers import Answer, Estimate, PivotalItem, Untested
from peerpact.audit.judges.clustered import clustered_share
from peerpact.audit.judges.panel import Panel
from peerpact.audit.judges.table import Bools, Codes, Floats, Labels, joint
from peerpact.audit.judges.verdicts import Verdicts, bar_on_scale, verdicts
from peerpact.audit.judges.view import View

__all__ = ["MOST_ITEMS", "QUESTION", "answers"]

QUESTION = "pivotal"
MOST_ITEMS = 20
"""Scores that are listed for a judge; ``facts`` counts all carried verdicts."""

_ROUND = 1e-9


def answers(view: View, panel: Panel, level: float) -> Iterator[Answer]:
    """Yield the share of passes that rest on scores above the reference, and these scores."""
    if "bar" not in view.table.numbers:
        yield Untested(view.judge, QUESTION, "no_column", {"role": "bar"})
        return
    reference, control = _reference(view, panel)
    decided = verdicts(view)
    there = ~np.isnan(decided.bar)
    if not control or np.isnan(reference).all():
        yield Untested(view.judge, QUESTION, "no_reference")
        return
    passed = there & (decided.value >= decided.bar - _ROUND)
    should = _means(np.where(np.isnan(reference), view.table.score, reference), decided)
    has_reference = _means((~np.isnan(reference)).astype(np.float64), decided) > 0
    passes = passed & has_reference
    carried = passes & (should < decided.bar - _ROUND)
    denied = there & has_reference & ~passed & (should >= decided.bar - _ROUND)
    n = int(passes.sum())
    if n == 0:
        yield Untested(view.judge, QUESTION, "no_pass", {"verdicts": int(there.sum())})
        return
    share = clustered_share(
        carried[passes].astype(np.float64), _clusters(view, decided, passes), level=level
    )
    items = islice(_items(view, decided, reference, carried), MOST_ITEMS)
    yield Estimate(
        view.judge,
        QUESTION,
        "carried",
        "",
        share.value or 0.0,
        share.low,
        share.high,
        level,
        share.method,
        control,
        "verdict",
        n,
        left_out=_lost(int((passed & ~has_reference).sum())),
        facts={
            "passes": n,
            "carried": int(carried.sum()),
            "denied": int(denied.sum()),
        },
        items=tuple(items),
    )


def _clusters(view: View, decided: Verdicts, chosen: Bools) -> Codes:
    """Return what is independent: items, or verdicts where they are means or there are no items."""
    items = view.arms.items
    if items is None or decided.of_means:
        return np.arange(int(chosen.sum()))
    return joint(items[decided.first[chosen]])


def _lost(rows: int) -> dict[str, int]:
    return {"no_reference": rows} if rows else {}


def _reference(view: View, panel: Panel) -> tuple[Floats, str]:
    gold = view.table.number("gold")
    if not np.isnan(gold).all():
        marks = bool(np.isin(gold[~np.isnan(gold)], (0.0, 1.0)).all())
        scores_are_marks = bool(np.isin(view.table.score, (0.0, 1.0)).all())
        if (
            marks and not scores_are_marks
        ):  # right or wrong, on another scale: above or below all bars
            gold = np.where(gold == 1, np.inf, np.where(gold == 0, -np.inf, np.nan))
        return gold, "gold"
    if panel.has_responses:
        return panel.others(view.rows), "other_judges"
    return gold, ""


def _means(values: Floats, decided: Verdicts) -> Floats:
    if not decided.of_means:
        return values
    return np.asarray(np.bincount(decided.code, weights=values) / np.bincount(decided.code))


def _items(
    view: View, decided: Verdicts, reference: Floats, carried: Bools
) -> Iterator[PivotalItem]:
    """Yield the scores that carried a pass, the largest excess over the reference first."""
    if decided.of_means:
        for code in np.flatnonzero(carried)[:MOST_ITEMS]:
            yield from _carriers(view, decided, reference, int(code))
        return
    rows = np.flatnonzero(carried)
    excess = view.table.score[rows] - reference[rows]
    for row in rows[np.argsort(-excess, kind="stable")[:MOST_ITEMS]]:
        verdict, without = float(view.table.score[row]), float(reference[row])
        yield _pivotal(view, int(row), reference, verdict, without)


def _carriers(view: View, decided: Verdicts, reference: Floats, code: int) -> Iterator[PivotalItem]:
    """Yield the fewest scores whose correction turns a mean from pass to fail, the largest first."""
    rows = np.flatnonzero(decided.code == code)
    mean, bar = float(decided.value[code]), float(decided.bar[code])
    excess = np.nan_to_num((view.table.score[rows] - reference[rows]) / len(rows))
    without = mean
    for place in np.argsort(-excess, kind="stable"):
        if without < bar - _ROUND or excess[place] <= 0:
            return
        before, without = without, without - float(excess[place])
        yield _pivotal(view, int(rows[place]), reference, before, without)


def _pivotal(
    view: View, row: int, reference: Floats, verdict: float, without: float
) -> PivotalItem:
    return PivotalItem(
        _name(view, "judged", row),
        _name(view, "item", row) or f"row {int(view.rows[row]) + 1}",
        float(view.table.score[row]),
        float(np.clip(reference[row], *_ends(view))),
        float(bar_on_scale(view)[row]),
        verdict,
        float(np.clip(without, *_ends(view))),
    )


def _ends(view: View) -> tuple[float, float]:
    scale = view.table.scale
    score = view.table.score
    return (scale.lowest, scale.highest) if scale else (float(score.min()), float(score.max()))


def _name(view: View, role: str, row: int) -> str:
    labels: Labels | None = view.table.labels.get(role)
    code = int(labels.codes[row]) if labels else -1
    return labels.names[code] if labels and code >= 0 else ""
