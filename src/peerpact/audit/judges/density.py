"""A jump of the density at the bar (McCrary 2008), for large and finely graded pools of scores only."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy import stats

from peerpact.audit.judges.caliper import Obstacle
from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Floats

__all__ = ["density_jump", "fine_enough"]

LEAST_SCORES = 500
LEAST_EACH_SIDE = 50
LARGEST_HEAP = 0.01
"""Largest share of the scores that may have one and the same value."""


def fine_enough(scores: Floats, bar: float) -> Obstacle | None:
    """Say why a density test would mislead on these scores, or nothing."""
    n = len(scores)
    if n < LEAST_SCORES:
        return Obstacle("few_for_density", {"n": n, "needed": LEAST_SCORES})
    heap = float(np.unique(scores, return_counts=True)[1].max()) / n
    if heap > LARGEST_HEAP:
        return Obstacle("heaped", {"heap": heap})
    near = np.abs(scores - bar) <= _bandwidth(scores)
    sides = sorted((int((near & (scores < bar)).sum()), int((near & (scores >= bar)).sum())))
    if sides[0] < LEAST_EACH_SIDE:
        return Obstacle("few_near_bar", {"told": sides[0], "control": sides[1], "width": 0.0})
    return None


def _bandwidth(scores: Floats) -> float:
    return 1.5 * float(scores.std()) / float(len(scores) ** 0.2)


def density_jump(scores: Floats, bar: float, *, level: float = 0.95) -> Tested:
    """Estimate the log of the density just above the bar over that just below it.

    Local linear fits with a triangular kernel to a fine histogram on each side; standard error
    of McCrary (2008), eq. 5.
    """
    n, width = len(scores), _bandwidth(scores)
    step = 2 * float(scores.std()) / sqrt(n)
    sides = []
    for sign in (-1.0, 1.0):
        distance = sign * (scores - bar)
        inside = (distance >= 0) if sign > 0 else (distance > 0)
        bins = np.arange(0.0, width + step, step)
        heights = np.histogram(distance[inside], bins=bins)[0] / (n * step)
        sides.append(_at_edge((bins[:-1] + bins[1:]) / 2, heights, width))
    below, above = (max(height, 1 / (n * width)) for height in sides)
    value = float(np.log(above / below))
    error = sqrt(24 / 5 / (n * width) * (1 / above + 1 / below))
    reach = float(stats.norm.ppf((1 + level) / 2)) * error
    p = 2 * float(stats.norm.sf(abs(value) / error))
    return Tested(value, value - reach, value + reach, p, error, "mccrary", n)


def _at_edge(x: Floats, heights: Floats, width: float) -> float:
    weights = np.maximum(0.0, 1 - x / width)
    design = np.stack([np.ones_like(x), x], axis=1)
    weighted = design * weights[:, None]
    solved = np.linalg.lstsq(weighted.T @ design, weighted.T @ heights, rcond=None)
    return float(solved[0][0])
