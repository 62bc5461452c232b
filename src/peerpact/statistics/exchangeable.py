"""Cells that a design declares exchangeable, seen together: a hierarchical logit on a grid.

Cell rates of a group are logit-normal around an unknown centre with an unknown spread; a stated
share of rogue cells belongs to no group and follows Jeffreys' Beta(1/2, 1/2). Everything unknown is
summed over a grid, so there is no chain to check and no plug-in that forgets its own uncertainty.
The idea of a robust mixture is that of Schmidli et al. (2014) and of exchangeable/non-exchangeable
models (Neuenschwander et al. 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logsumexp

__all__ = ["LOGITS", "Exchangeable", "Posterior", "combine", "posterior"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
LOGITS = np.linspace(-9, 9, 241)
"""The grid of rates, on the logit scale."""
_CENTRES = np.linspace(-7, 7, 29)
_SPREADS = np.array([0.15, 0.4, 0.7, 1.0, 1.5, 2.2, 3.2])


@dataclass(frozen=True, slots=True)
class Exchangeable:
    """What is assumed of a group: its share of rogue cells, the half-normal scale of its spread."""

    rogue_share: float = 0.0
    spread_scale: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.rogue_share <= 1 and self.spread_scale > 0):
            raise ValueError(
                "rogue_share lies in 0..1 and spread_scale above 0; "
                f"found {self.rogue_share} and {self.spread_scale}"
            )


@dataclass(frozen=True, slots=True)
class Posterior:
    """Rates of the cells given all cells of their group.

    ``weights`` has the shape of the counts plus one axis over ``rates``, the grid, and sums to 1 along it.
    ``candidates`` holds the posterior of the candidate priors, shape (..., candidates).
    """

    rates: Floats
    weights: Floats
    candidates: Floats

    def mean(self) -> Floats:
        """Return the posterior mean of each cell."""
        return np.asarray(self.weights @ self.rates)

    def above(self, line: float) -> Floats:
        """Return the probability that each cell's rate exceeds the line."""
        return 1 - self._cumulative(line)

    def _cumulative(self, line: float) -> Floats:
        below = np.cumsum(self.weights, axis=-1) - self.weights / 2
        index = int(np.searchsorted(self.rates, line))
        if index in (0, len(self.rates)):
            return np.full(self.weights.shape[:-1], float(index > 0))
        share = (line - self.rates[index - 1]) / (self.rates[index] - self.rates[index - 1])
        return np.asarray(below[..., index - 1] * (1 - share) + below[..., index] * share)

    def quantile(self, q: float) -> Floats:
        """Return the rate below which each cell lies with probability q, between grid points."""
        below = np.cumsum(self.weights, axis=-1) - self.weights / 2
        last = len(self.rates) - 1
        index = np.clip((below < q).sum(axis=-1), 1, last)
        left = np.take_along_axis(below, (index - 1)[..., None], -1)[..., 0]
        right = np.take_along_axis(below, index[..., None], -1)[..., 0]
        share = np.clip((q - left) / np.maximum(right - left, 1e-300), 0, 1)
        return np.asarray(self.rates[index - 1] * (1 - share) + self.rates[index] * share)


@lru_cache(maxsize=8)
def _priors(spread_scale: float) -> tuple[Floats, Floats]:
    """Return the log prior of each (centre, spread) and the prior of the rate grid under it."""
    centres, spreads = (axis.ravel() for axis in np.meshgrid(_CENTRES, _SPREADS))
    density = stats.norm.pdf(LOGITS[None, :], centres[:, None], spreads[:, None])
    # a centre is as likely as a rate drawn from Beta(1/2, 1/2): most groups lie near 0 or 1
    log_prior = _log_jeffreys(centres) + stats.halfnorm.logpdf(spreads, scale=spread_scale)
    log_prior = log_prior + np.log(np.gradient(_SPREADS))[np.searchsorted(_SPREADS, spreads)]
    return log_prior, density / density.sum(axis=1, keepdims=True)


def _log_jeffreys(logits: Floats) -> Floats:
    rates = expit(logits)
    return np.asarray(0.5 * np.log(rates) + 0.5 * np.log1p(-rates))


def _rogue() -> Floats:
    density = np.exp(_log_jeffreys(LOGITS))
    return np.asarray(density / density.sum())


def _likelihood(successes: Counts, n: Counts) -> Floats:
    log_rates, log_rest = -np.log1p(np.exp(-LOGITS)), -np.log1p(np.exp(LOGITS))
    log_likelihood = successes[..., None] * log_rates + (n - successes)[..., None] * log_rest
    return np.asarray(np.exp(log_likelihood - log_likelihood.max(axis=-1, keepdims=True)))


def posterior(successes: Counts, n: Counts, assumed: Exchangeable | None = None) -> Posterior:
    """Return the rates of all cells; the last axis of the counts runs over the cells of one group.

    Args:
        successes: Runs with the outcome, shape (..., cells).
        n: Scored runs, same shape; 0 is allowed, then only the group speaks.
        assumed: Rogue share and scale of the spread.
    """
    assumed = assumed or Exchangeable()
    log_prior, given = _priors(assumed.spread_scale)
    return combine(successes, n, log_prior, given, assumed.rogue_share)


def combine(
    successes: Counts,
    n: Counts,
    log_prior: Floats,
    given: Floats,
    rogue_share: float = 0.0,
    *,
    times: Floats | float = 1.0,
) -> Posterior:
    """Return the rates of cells that share one unknown prior out of several.

    Args:
        successes: Runs with the outcome, shape (..., cells).
        n: Scored runs, same shape.
        log_prior: Log probability of each candidate prior, shape (candidates,); need not be normalised.
        given: Each candidate's probabilities of the rate grid, shape (candidates, rates).
        rogue_share: Chance that a cell follows Jeffreys' prior instead.
        times: How many cells have these counts, shape (cells,); cells that are alike need to stand once only.
    """
    likelihood = _likelihood(np.asarray(successes), np.asarray(n))
    rogue = rogue_share * _rogue()
    cell = (1 - rogue_share) * (likelihood @ given.T) + (likelihood @ rogue)[..., None]
    log_weights = log_prior + (np.log(cell) * np.asarray(times)[..., None]).sum(axis=-2)
    weights = np.exp(log_weights - logsumexp(log_weights, axis=-1, keepdims=True))
    share = weights[..., None, :] / cell
    prior = (1 - rogue_share) * (share @ given) + share.sum(axis=-1)[..., None] * rogue
    unscaled = likelihood * prior
    scaled = unscaled / unscaled.sum(axis=-1, keepdims=True)
    return Posterior(expit(LOGITS), scaled, weights)
