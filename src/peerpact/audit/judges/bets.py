"""Evidence and limits that hold at every look: bets on differences, each made before its difference is seen.

Under no effect the capital of such bets is a martingale from 1, so it exceeds 1 / alpha with probability at
most alpha, whenever and however often one looks (Ville; Ramdas et al. 2023). Bets of several sizes share the
capital, so none has to be tuned to the effect. Values that the capital does not speak against at any look so
far are the limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np
from scipy.optimize import brentq

from peerpact.audit.judges.table import Floats

__all__ = ["Evidence", "Game", "evidence", "on_the_mean", "on_the_sign"]

_SIZES = np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0])
"""Effects that are bet on, in units of the spread of the differences."""

_SHARES = np.array([1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 15 / 16])
"""Shares of the capital that are staked on a mean."""

_PRECISE = 1e-3
_DOUBLINGS = 12
_MOST = 700.0

Game = Callable[[Floats, float], Floats]
"""(differences, supposed effect) → the logarithm of the capital after each difference."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Capital of the bets against no effect, now and at its highest so far, and the effects not excluded."""

    now: float
    highest: float
    pairs: int
    mean: float
    low: float
    high: float

    @property
    def p(self) -> float:
        """The p-value that holds at every look."""
        return min(1.0, 1 / max(self.highest, 1e-300))


def on_the_sign(differences: Floats, effect: float) -> Floats:
    """Bet on the sign of each difference; the stake follows from its size.

    If the arms could be swapped, the sign is a fair coin whatever the sizes are, as in the sign-flip test, and
    2 / (1 + exp(-2 x)) is a fair bet at any stake x. It is exp(x) / cosh(x) of de la Peña (1999) and Howard,
    Ramdas, McAuliffe & Sekhon (2020, lemma 3); it needs no bounds and no variance.
    """
    left = differences - effect
    n = np.arange(1, len(left) + 1)
    spread = np.sqrt(np.cumsum(left * left) / n)
    stakes = np.divide(left, spread, out=np.zeros_like(left), where=spread > 0)
    bets = 2 * np.outer(np.concatenate([_SIZES, -_SIZES]), stakes)
    return _shared(log(2) - np.logaddexp(0.0, -bets))


def on_the_mean(differences: Floats, effect: float) -> Floats:
    """Bet on the mean of differences between -1 and 1 (Waudby-Smith & Ramdas 2024, theorem 3, fixed shares)."""
    left = differences - effect
    up = left / max(1.0 + effect, 1e-9)
    down = -left / max(1.0 - effect, 1e-9)
    return _shared(np.log1p(np.concatenate([np.outer(_SHARES, up), np.outer(_SHARES, down)])))


def _shared(logs: Floats) -> Floats:
    """Return the logarithm of the mean capital of all bets."""
    found: Floats = np.logaddexp.reduce(np.cumsum(logs, axis=1), axis=0) - log(len(logs))
    return found


def evidence(
    differences: Floats, alpha: float, game: Game, bounds: tuple[float, float]
) -> Evidence:
    """Play a game on differences in their order.

    Args:
        differences: One a pair.
        alpha: Error rate of the limits.
        game: What is bet on.
        bounds: Between what an effect must lie.
    """
    n = len(differences)
    if n == 0:
        return Evidence(1.0, 1.0, 0, 0.0, *bounds)
    path = game(differences, 0.0)
    now, highest = (float(np.exp(min(one, _MOST))) for one in (path[-1], max(0.0, path.max())))
    mean = float(differences.mean())
    low, high = (_limit(differences, alpha, game, mean, bound) for bound in bounds)
    return Evidence(now, highest, n, mean, low, high)


def _limit(differences: Floats, alpha: float, game: Game, inside: float, bound: float) -> float:
    """Return the effect, from the mean towards a bound, beyond which all are excluded."""
    line = log(1 / alpha)

    def excess(effect: float) -> float:
        return float(game(differences, effect).max()) - line

    if excess(inside) >= 0:
        return inside
    step = max(float(differences.std()), 1e-6 * max(1.0, abs(inside)))
    toward = 1.0 if bound > inside else -1.0
    outside = inside
    for k in range(_DOUBLINGS):
        outside = inside + toward * step * 2.0 ** (k - 2)
        if toward * (outside - bound) >= 0:
            outside = bound
        if excess(outside) >= 0 or outside == bound:
            break
    if not np.isfinite(outside) or excess(outside) < 0:
        return bound
    return float(brentq(excess, inside, outside, xtol=_PRECISE * step))
