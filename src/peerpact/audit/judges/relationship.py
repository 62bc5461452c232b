"""Does a relationship with the judged matter, and does it matter more when something is at stake?"""

from __future__ import annotations

from collections.abc import Iterator

from peerpact.audit.judges.comparison import Comparison
from peerpact.audit.judges.stakes import effect, factor
from peerpact.audit.judges.view import View

__all__ = ["INTERACTION", "QUESTION", "comparisons", "interactions"]

QUESTION = "relationship"
INTERACTION = "interaction"
_DIFFERENCE_OF_DIFFERENCES = (1.0, -1.0, -1.0, 1.0)


def comparisons(view: View) -> Iterator[Comparison]:
    """Yield the effect of the relationship for each bar: a partner against a stranger, stakes held."""
    if "relationship" not in view.table.labels:
        return
    for scope in view.arms.scopes():
        yield effect(view, scope, QUESTION, view.arms.partner, {"stakes": view.arms.told})


def interactions(view: View) -> Iterator[Comparison]:
    """Yield what stakes add for a partner beyond what they add for a stranger, for each bar."""
    arms = view.arms
    if "relationship" not in view.table.labels or not arms.stakes_vary:
        return
    for scope in arms.scopes():
        kept = scope.rows & (arms.told >= 0) & (arms.partner >= 0)
        arm = 2 * arms.told + arms.partner
        yield factor(view, scope, INTERACTION, kept, arm, _DIFFERENCE_OF_DIFFERENCES, {})
