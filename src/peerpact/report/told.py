"""Rates and differences over wordings: what a reader may expect of other ways of saying the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from peerpact.design.record import Run
from peerpact.statistics import Interval, clustered_difference, clustered_rate

__all__ = ["difference_over", "outcomes_by_wording", "rate_over"]

Told = Sequence[tuple[bool, int]]
"""Value and wording of each scored run."""


def outcomes_by_wording(runs: Iterable[Run], outcome: str) -> Told:
    """Return value and wording of the runs that have a score."""
    found = ((run.outcomes.get(outcome), run.wording) for run in runs)
    return [(o.value, wording) for o, wording in found if o is not None and o.value is not None]


def rate_over(told: Told, seed: int) -> Interval | None:
    """Return the rate over wordings, or None where all runs were told in one."""
    wordings = [wording for _, wording in told]
    if len(set(wordings)) < 2:
        return None
    values = [value for value, _ in told]
    return clustered_rate(values, wordings, rng=np.random.default_rng(seed)).generalised


def difference_over(source: Told, to: Told, seed: int) -> Interval:
    """Return the second side minus the first over wordings that both share."""
    every = (*source, *to)
    arms = [0] * len(source) + [1] * len(to)
    return clustered_difference(
        [value for value, _ in every],
        arms,
        [wording for _, wording in every],
        rng=np.random.default_rng(seed),
    ).generalised
