"""Mixed logistic regression: arm fixed, wording and item random, and the arm's effect random by wording.

Fitted by the Laplace approximation, as lme4's ``glmer`` does by default. statsmodels has no maximum
likelihood for this model: its ``BinomialBayesMixedGLM`` gives a variational posterior, whose
standard deviations are known to be too small, and no standard errors for a contrast that could be
checked against a reference.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import expit, logit

from peerpact.statistics.clusters import Runs, tabulate
from peerpact.statistics.intervals import Interval, check_share

__all__ = ["Fit", "MixedLogit", "laplace", "mixed_logit"]

Floats = NDArray[np.float64]
_LEAST_WORDINGS = 5
_BOUNDARY = 1e-3  # a standard deviation below this is taken as zero
_MOST_SPREAD = 8.0
_UNBOUNDED = 7.9  # a spread as good as on that bound
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


@dataclass(frozen=True, slots=True)
class Fit:
    """Estimates and their covariance: fixed effects first, then standard deviations.

    Rows and columns of ``covariance`` that belong to a standard deviation on its boundary of 0 are
    0.
    """

    fixed: tuple[float, ...]
    spreads: tuple[float, ...]
    covariance: Floats
    log_likelihood: float
    converged: bool


@dataclass(frozen=True, slots=True)
class MixedLogit:
    """Rates and their contrast over wordings and items; ``log_odds`` is the arm's effect at a typical wording.

    Where the data cannot carry the model every value is None and ``reason`` says why.
    """

    rate0: Interval
    rate1: Interval
    difference: Interval
    log_odds: Interval
    spread_wording: float | None
    spread_item: float | None
    spread_effect: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Data:
    """Counts of shape (rows,), design of shape (rows, fixed), and one (rows, levels) matrix a random effect."""

    successes: Floats
    n: Floats
    fixed: Floats
    random: tuple[Floats, ...]


def _mode(data: _Data, offset: Floats, scaled: Floats) -> tuple[Floats, Floats]:
    """Return the conditional mode of the standardised random effects and the curvature there (Newton)."""
    effects = np.zeros(scaled.shape[1])
    curvature = np.eye(scaled.shape[1])
    for _ in range(50):
        p = expit(offset + scaled @ effects)
        gradient = scaled.T @ (data.successes - data.n * p) - effects
        curvature = (scaled.T * (data.n * p * (1 - p))) @ scaled + np.eye(len(effects))
        step = np.linalg.solve(curvature, gradient)
        effects = effects + step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    return effects, curvature


def _deviance(parameters: Floats, data: _Data) -> float:
    """Return minus the Laplace log likelihood, binomial constants left out (Bates et al. 2015, eq. 32)."""
    k = data.fixed.shape[1]
    offset = data.fixed @ parameters[:k]
    pairs = zip(parameters[k:], data.random, strict=True)
    scaled = np.hstack([spread * matrix for spread, matrix in pairs])
    effects, curvature = _mode(data, offset, scaled)
    eta = offset + scaled @ effects
    log_likelihood = float(data.successes @ eta - data.n @ np.logaddexp(0, eta))
    penalty = float(effects @ effects) + float(np.linalg.slogdet(curvature)[1])
    return -log_likelihood + penalty / 2


def _hessian(parameters: Floats, data: _Data, free: Floats) -> Floats:
    step = 1e-3
    moves = np.eye(len(parameters))[free.astype(bool)] * step
    size = len(moves)
    hessian = np.zeros((size, size))
    for i in range(size):
        for j in range(i, size):
            corners = [
                a * b * _deviance(parameters + a * moves[i] + b * moves[j], data)
                for a in (1, -1)
                for b in (1, -1)
            ]
            hessian[i, j] = hessian[j, i] = sum(corners) / (4 * step**2)
    return hessian


def laplace(successes: Floats, n: Floats, fixed: Floats, random: Sequence[Floats]) -> Fit:
    """Fit a binomial mixed model with independent normal random effects.

    Args:
        successes: Successes, shape (rows,).
        n: Trials, shape (rows,).
        fixed: Design matrix of the fixed effects, shape (rows, effects).
        random: For each random effect its indicator or slope matrix, shape (rows, levels).
    """
    data = _Data(successes, n, fixed, tuple(random))
    k, spreads = fixed.shape[1], len(random)
    start = np.concatenate([np.zeros(k), np.full(spreads, 0.5)])
    bounds = [(None, None)] * k + [(0.0, _MOST_SPREAD)] * spreads
    found = optimize.minimize(_deviance, start, args=(data,), method="L-BFGS-B", bounds=bounds)
    parameters = np.asarray(found.x)
    free = np.concatenate([np.ones(k), parameters[k:] > _BOUNDARY])
    covariance = np.zeros((len(parameters), len(parameters)))
    inside = np.flatnonzero(free)
    covariance[np.ix_(inside, inside)] = np.linalg.pinv(_hessian(parameters, data, free))
    return Fit(
        tuple(parameters[:k].tolist()),
        tuple(parameters[k:].tolist()),
        covariance,
        -float(found.fun),
        bool(found.success),
    )


def mixed_logit(
    outcomes: Sequence[bool],
    arms: Sequence[int],
    wordings: Sequence[Hashable],
    items: Sequence[Hashable] | None = None,
    *,
    level: float = 0.95,
) -> MixedLogit:
    """Contrast two arms over wordings and items like these, one entry a scored run.

    Rates are marginal: the logistic rate averaged over the fitted spread of wordings and items.
    Limits are Wald limits with t quantiles at wordings - 1 degrees of freedom, for rates on the
    logit scale. An arm whose runs all agree has no finite log odds; the result then says so and
    leaves the contrast to ``clustered_difference``.
    """
    check_share("level", level)
    runs = tabulate(outcomes, wordings, items, arms)
    reason = _obstacle(runs)
    if reason:
        return _unfitted(len(outcomes), level, reason)
    fit = _fit(runs)
    if not fit.converged or max(fit.spreads) > _UNBOUNDED:
        reason = "wordings or items disagree so fully that the spread has no finite estimate"
        return _unfitted(len(outcomes), level, reason)
    return _summary(fit, runs, len(outcomes), level)


def _obstacle(runs: Runs) -> str:
    n, successes = runs.n.sum(axis=(1, 2)), runs.successes.sum(axis=(1, 2))
    if (n == 0).any():
        return "no scored run in one of the arms"
    if runs.wordings < _LEAST_WORDINGS:
        return (
            f"at least {_LEAST_WORDINGS} wordings show how wordings differ; found {runs.wordings}"
        )
    if ((successes == 0) | (successes == n)).any():
        return "all runs of one arm agree, so its log odds have no finite estimate"
    return ""


def _fit(runs: Runs) -> Fit:
    arm, wording, item = (index.ravel() for index in np.indices(runs.n.shape))
    kept = runs.n.ravel() > 0
    arm, wording, item = arm[kept], wording[kept], item[kept]
    by_wording = np.eye(runs.wordings)[wording]
    centred = arm - 0.5
    random = [by_wording, by_wording * centred[:, None]]
    if runs.items > 1:
        random.append(np.eye(runs.items)[item])
    fixed = np.column_stack([np.ones(len(arm)), centred])
    return laplace(runs.successes.ravel()[kept], runs.n.ravel()[kept], fixed, random)


def _marginal(parameters: Floats, arm: int) -> float:
    """Rate of an arm over wordings and items: the normal mixture of logits by Gauss-Hermite quadrature."""
    centred = arm - 0.5
    variance = (
        parameters[2] ** 2 + (centred * parameters[3]) ** 2 + float((parameters[4:] ** 2).sum())
    )
    logits = parameters[0] + centred * parameters[1] + np.sqrt(variance) * _NODES
    return float(expit(logits) @ _NODE_WEIGHTS / _NODE_WEIGHTS.sum())


def _error(function: object, parameters: Floats, covariance: Floats) -> float:
    """Standard error of a function of the parameters (delta method, central differences)."""
    assert callable(function)
    step = 1e-4
    gradient = np.array(
        [
            (function(parameters + move) - function(parameters - move)) / (2 * step)
            for move in np.eye(len(parameters)) * step
        ]
    )
    return float(np.sqrt(max(float(gradient @ covariance @ gradient), 0.0)))


def _summary(fit: Fit, runs: Runs, n: int, level: float) -> MixedLogit:
    parameters = np.array([*fit.fixed, *fit.spreads])
    t = float(stats.t.ppf((1 + level) / 2, runs.wordings - 1))

    def interval(value: float, low: float, high: float) -> Interval:
        return Interval(value, low, high, level, "mixed_logit", n)

    def rate_of(arm: int) -> Interval:
        value = _marginal(parameters, arm)
        error = t * _error(lambda p: logit(_marginal(p, arm)), parameters, fit.covariance)
        return interval(
            value, float(expit(logit(value) - error)), float(expit(logit(value) + error))
        )

    def contrast(p: Floats) -> float:
        return _marginal(p, 1) - _marginal(p, 0)

    gap, gap_error = contrast(parameters), t * _error(contrast, parameters, fit.covariance)
    odds, odds_error = fit.fixed[1], t * float(np.sqrt(max(fit.covariance[1, 1], 0.0)))
    return MixedLogit(
        rate_of(0),
        rate_of(1),
        interval(gap, max(-1.0, gap - gap_error), min(1.0, gap + gap_error)),
        interval(odds, odds - odds_error, odds + odds_error),
        fit.spreads[0],
        fit.spreads[2] if runs.items > 1 else None,
        fit.spreads[1],
    )


def _unfitted(n: int, level: float, reason: str) -> MixedLogit:
    share = Interval(None, 0.0, 1.0, level, "mixed_logit", n, reason)
    gap = Interval(None, -1.0, 1.0, level, "mixed_logit", n, reason)
    odds = Interval(None, -np.inf, np.inf, level, "mixed_logit", n, reason)
    return MixedLogit(share, share, gap, odds, None, None, None, reason)
