"""How probable each explanation is, given the counts.

In a setting the floor f, the standard rate p and, for each probe, the share s of the effect that stays are
unknown; the probe's rate is f + s (p - f). A hypothesis says which shares are likely, and whether p exceeds f at
all; f, p and s are summed over grids, so that a hypothesis which predicts much and is right beats one that allows
anything. Settings and scenarios have f, p and s of their own; the hypothesis is the same in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, logsumexp

from peerpact.explain.evidence import Counts, Evidence, Setting
from peerpact.explain.signature import SHARES, Hypothesis, Signature

__all__ = [
    "FLOORS",
    "RATES",
    "Joint",
    "flat_rates",
    "floors",
    "joint",
    "log_evidence",
    "posterior",
    "probe_likelihood",
    "probe_rates",
    "without",
]

Floats = NDArray[np.float64]
FLOORS: Floats = np.array([0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.25])
RATES: Floats = np.linspace(0.02, 0.99, 50)
_LEAST = 1e-6
_LOW = (1.0, 40.0)
"""Beta parameters of a rate near zero."""
_WORK = {"yes": (30.0, 1.0), "no": (1.0, 1.5), "any": (1.0, 1.0)}
"""Beta parameters of the share of right work, by whether one is able to do it."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Log weight of each (floor, rate) under one hypothesis in one setting; shape (floors, rates)."""

    raised: Floats
    flat: Floats
    """Of one rate everywhere; shape (flat rates,)."""


def posterior(found: Sequence[Evidence], signature: Signature) -> dict[str, float]:
    """Return the probability of each hypothesis that was asked; the priors where there is no evidence."""
    logs = log_evidence(found, signature)
    names = list(logs)
    prior = np.log([signature.hypotheses[name].prior for name in names])
    weights = prior + np.array([logs[name] for name in names])
    shares = np.exp(weights - logsumexp(weights))
    return dict(zip(names, shares.tolist(), strict=True))


def log_evidence(
    found: Sequence[Evidence], signature: Signature, names: Sequence[str] = ()
) -> dict[str, float]:
    """Return the log probability of all counts under each hypothesis that was asked, or under those named."""
    blocks = {setting.block for one in found for setting in one.settings if setting.probes}
    return {
        name: sum(_scenario(one, hypothesis, signature) for one in found)
        for name, hypothesis in signature.asked(blocks).items()
        if not names or name in names
    }


def without(found: Sequence[Evidence], scenario: str, probe: str) -> tuple[Evidence, ...]:
    """Return the evidence as it would be had one probe not been run."""
    return tuple(
        replace(one, settings=tuple(_dropped(setting, probe) for setting in one.settings))
        if one.scenario == scenario
        else one
        for one in found
    )


def _dropped(setting: Setting, probe: str) -> Setting:
    return replace(setting, probes=tuple(seen for seen in setting.probes if seen.probe != probe))


def _scenario(found: Evidence, hypothesis: Hypothesis, signature: Signature) -> float:
    total = _beta_binomial(found.able, found.control_runs, _WORK[hypothesis.capable])
    for setting, floor in zip(found.settings, floors(found), strict=True):
        total += float(logsumexp(_together(joint(setting, floor, hypothesis, signature))))
    return total


def floors(found: Evidence) -> list[Counts]:
    """Return what each setting is told of the floor: the control's runs count once."""
    return [found.floor, *(Counts() for _ in found.settings[1:])][: len(found.settings)]


def _together(found: Joint) -> Floats:
    return np.concatenate([found.raised.ravel(), found.flat.ravel()])


def joint(setting: Setting, floor: Counts, hypothesis: Hypothesis, signature: Signature) -> Joint:
    """Return the weights of floors and rates under a hypothesis, all probes of the setting included."""
    densities, shape = signature.densities(), hypothesis.shape_in(setting.block)
    raised = np.full((len(FLOORS), len(RATES)), -np.inf)
    if shape != "flat":
        raised = _log_prior() + _control(floor, densities[hypothesis.floor], hypothesis.floor)
        raised = raised + _log_binomial(_counts(setting), RATES)[None, :]
        for seen in setting.probes:
            density = densities[hypothesis.sign(seen.probe)]
            raised = raised + _stayed(seen.counts, density)
    flat = np.full(len(flat_rates()), -np.inf)
    if shape != "effect":
        together = Counts(floor.hits, floor.scored) + setting.standard
        for seen in setting.probes:
            together = Counts(
                together.hits + seen.counts.hits, together.scored + seen.counts.scored
            )
        flat = _flat_prior(hypothesis.rate == "low" or shape == "free")
        flat = flat + _log_binomial(together, flat_rates())
    if shape == "free":
        raised, flat = raised + np.log(0.5), flat + np.log(0.5)
    return Joint(raised, flat)


def _control(floor: Counts, density: Floats, sign: str) -> Floats:
    """Return the log probability of the control's counts; shape (floors, rates), or one that spreads to it."""
    if sign == "gone":
        return _log_binomial(floor, FLOORS)[:, None]
    return _stayed(floor, density)


def _counts(setting: Setting) -> Counts:
    return Counts(setting.standard.hits, setting.standard.scored)


@lru_cache(maxsize=1)
def flat_rates() -> Floats:
    """Return the rates that one rate everywhere may have."""
    return np.unique(np.concatenate([FLOORS, RATES]))


@lru_cache(maxsize=2)
def _flat_prior(low: bool) -> Floats:
    rates = flat_rates()
    a, b = _LOW if low else (1.0, 1.0)
    shape = (a - 1) * np.log(rates) + (b - 1) * np.log1p(-rates) + np.log(np.gradient(rates))
    return np.asarray(shape - logsumexp(shape))


@lru_cache(maxsize=1)
def _log_prior() -> Floats:
    """Floors are near zero; the standard rate lies anywhere above its floor."""
    floors = (_LOW[0] - 1) * np.log(FLOORS) + (_LOW[1] - 1) * np.log1p(-FLOORS)
    floors = floors + np.log(np.gradient(FLOORS))
    above = np.where(RATES[None, :] > FLOORS[:, None] + 0.02, 0.0, -np.inf)
    above = above - logsumexp(above, axis=1, keepdims=True)
    return np.asarray((floors - logsumexp(floors))[:, None] + above)


@lru_cache(maxsize=1)
def probe_rates() -> Floats:
    """Return the rate of a probe for each floor, standard rate and share; shape (floors, rates, shares)."""
    effect = RATES[None, :] - FLOORS[:, None]
    rates = FLOORS[:, None, None] + effect[:, :, None] * SHARES[None, None, :]
    return np.asarray(np.clip(rates, _LEAST, 1 - _LEAST))


def _stayed(counts: Counts, density: Floats) -> Floats:
    """Return the log probability of a probe's counts, its share summed out; shape (floors, rates)."""
    largest, scaled = _scaled(counts)
    return np.asarray(largest + np.log(scaled @ density))


@lru_cache(maxsize=512)
def _scaled(counts: Counts) -> tuple[Floats, Floats]:
    logs = probe_likelihood(counts)
    largest = logs.max(axis=2)
    return largest, np.asarray(np.exp(logs - largest[:, :, None]))


@lru_cache(maxsize=512)
def probe_likelihood(counts: Counts) -> Floats:
    """Return the log probability of a probe's counts; shape (floors, rates, shares)."""
    return _log_binomial(counts, probe_rates())


def _log_binomial(counts: Counts, rates: Floats) -> Floats:
    p = np.clip(rates, _LEAST, 1 - _LEAST)
    return np.asarray(counts.hits * np.log(p) + (counts.scored - counts.hits) * np.log1p(-p))


def _beta_binomial(hits: int, runs: int, shape: tuple[float, float]) -> float:
    a, b = shape
    return float(betaln(a + hits, b + runs - hits) - betaln(a, b))
