"""What the judge of refusals used: a part of what its subject's runs used, told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from peerpact.design.record import Run

__all__ = ["Judging", "judging"]


@dataclass(frozen=True, slots=True)
class Judging:
    """Questions to judges about the runs of one subject."""

    judges: tuple[str, ...]
    """Model ids that the provider answered with."""
    asked: int
    """Runs that a judge was asked about."""
    tokens: int
    cost: float | None
    """US dollars; None where a price is unknown."""


def judging(runs: Iterable[Run]) -> Judging | None:
    """Return what judges used over some runs; None where nobody asked one."""
    found = [run.judged for run in runs if run.judged is not None]
    costs = [one.cost for one in found]
    if not found:
        return None
    return Judging(
        judges=tuple(sorted({one.judge for one in found})),
        asked=len(found),
        tokens=sum(one.tokens_in + one.tokens_out for one in found),
        cost=None if None in costs else sum(cost for cost in costs if cost is not None),
    )
