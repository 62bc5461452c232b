"""Does it matter to the judge that something is at stake for the judged?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from peerpact.audit.judges.arms import Scope
from peerpact.audit.judges.comparison import Comparison
from peerpact.audit.judges.table import Bools, Codes, Floats, joint
from peerpact.audit.judges.view import View

__all__ = ["QUESTION", "comparisons", "effect", "factor", "unadjusted"]

QUESTION = "stakes"


def comparisons(view: View) -> Iterator[Comparison]:
    """Yield the effect of stakes for each bar: told against not told, all else held equal."""
    arms = view.arms
    if not arms.stakes_vary:
        return
    for scope in arms.scopes():
        yield effect(view, scope, QUESTION, arms.told, {"relationship": arms.partner})


def effect(
    view: View, scope: Scope, question: str, on: Codes, others: Mapping[str, Codes]
) -> Comparison:
    """Return the comparison of a factor's two levels within a scope, other factors held."""
    kept = scope.rows & (on >= 0)
    for other in others.values():
        kept = kept & (other >= 0)
    return factor(view, scope, question, kept, on, (-1.0, 1.0), others)


def factor(
    view: View,
    scope: Scope,
    question: str,
    kept: Bools,
    arm: Codes,
    weights: tuple[float, ...],
    others: Mapping[str, Codes],
) -> Comparison:
    """Return a comparison of arms within a scope, the work and other factors held."""
    rows = np.flatnonzero(kept)
    work = {role: view.table.codes(role) for role in ("judged", "group")}
    held = {name: codes[rows] for name, codes in {**work, **others}.items()}
    values = view.table.score[rows]
    lost = int((scope.rows & ~kept).sum())
    items, runs = view.arms.items, view.table.runs
    return Comparison(
        judge=view.judge,
        question=question,
        quantity="effect",
        scope=scope.name,
        control=question,
        values=values,
        arm=arm[rows],
        weights=weights,
        strata=joint(*held.values()),
        items=None if items is None else items[rows],
        rows=view.rows[rows],
        left_out={"arm_unknown": lost} if lost else {},
        caveats=("bar_with_stakes",)
        if scope.bar_with_stakes and question != "relationship"
        else (),
        facts=unadjusted(values, arm[rows]) if len(weights) == 2 else {},
        held=held,
        runs=None if runs is None else runs[rows],
    )


def unadjusted(values: Floats, arm: Codes) -> dict[str, float]:
    """Return the plain difference of means, strata not held equal, for comparison with others' tables."""
    if not ((arm == 1).any() and (arm == 0).any()):
        return {}
    return {"unadjusted": float(values[arm == 1].mean() - values[arm == 0].mean())}
