"""Which contrast tells most apart: the information that runs are expected to give about the explanations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import logsumexp

from peerpact.explain.evidence import Counts, Evidence, Setting
from peerpact.explain.posterior import (
    Joint,
    flat_rates,
    floors,
    joint,
    posterior,
    probe_likelihood,
    probe_rates,
)
from peerpact.explain.signature import Probe, Signature
from peerpact.scenarios.load import load

__all__ = ["BATCH", "Purchase", "purchases"]

Floats = NDArray[np.float64]
BATCH = 10
"""Runs that are bought at once."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """Runs that could be bought, and what they are expected to tell."""

    scenario: str
    probe: str
    title: str
    levels: dict[str, str]
    """What changes in the standard cell."""
    standard: str
    """The standard cell."""
    runs: int
    bits: float
    """Expected information about the explanations."""

    @property
    def bits_per_run(self) -> float:
        """The same for one run."""
        return self.bits / self.runs


def purchases(found: Sequence[Evidence], signature: Signature) -> tuple[Purchase, ...]:
    """Return every probe that the scenarios offer, the most telling first."""
    shares = posterior(found, signature)
    offers = [offer for one in found for offer in _offers(one, signature, shares)]
    return tuple(sorted(offers, key=lambda offer: -offer.bits))


def _offers(found: Evidence, signature: Signature, shares: dict[str, float]) -> Iterator[Purchase]:
    for setting, floor in zip(found.settings, floors(found), strict=True):
        joints = {
            name: joint(setting, floor, signature.hypotheses[name], signature) for name in shares
        }
        for name, probe in signature.probes.items():
            level = _offered(setting, probe) if probe.block == setting.block else ""
            if level:
                bits = _bits(setting, name, signature, shares, joints)
                yield Purchase(
                    scenario=found.scenario,
                    probe=name,
                    title=probe.title,
                    levels={probe.factor: level},
                    standard=setting.standard.cell,
                    runs=BATCH,
                    bits=bits,
                )


def _offered(setting: Setting, probe: Probe) -> str:
    """Return the first level of a probe that its scenario has and the standard cell allows."""
    scenario = load(setting.scenario)
    factor = scenario.factors.get(probe.factor)
    if factor is None or setting.standard.levels.get(probe.factor) in probe.levels:
        return ""
    for level in probe.levels:
        cell = {**setting.standard.levels, probe.factor: level}
        if level in factor.levels and not scenario.excluded(cell):
            return level
    return ""


def _bits(
    setting: Setting,
    probe: str,
    signature: Signature,
    shares: dict[str, float],
    joints: dict[str, Joint],
) -> float:
    made = next((seen.counts for seen in setting.probes if seen.probe == probe), None)
    densities = signature.densities()
    by_sign: dict[str, Floats] = {}
    predicted = []
    for name in shares:
        sign = signature.hypotheses[name].sign(probe)
        if sign not in by_sign:
            by_sign[sign] = _raised_counts(densities[sign], made)
        predicted.append(_predicted(joints[name], by_sign[sign]))
    weights = np.array(list(shares.values()))
    each = np.array(predicted)
    return max(0.0, _entropy(weights @ each) - float(weights @ [_entropy(p) for p in each]))


def _predicted(found: Joint, raised: Floats) -> Floats:
    """Return the probability of 0, 1, … hits in a batch under one hypothesis."""
    total = logsumexp(np.concatenate([found.raised.ravel(), found.flat.ravel()]))
    above = np.tensordot(np.exp(found.raised - total), raised, axes=2)
    return np.asarray(above + np.exp(found.flat - total) @ _flat_counts())


def _raised_counts(density: Floats, made: Counts | None) -> Floats:
    """Return the probability of each number of hits, for each floor and rate; runs made already are known."""
    weights = np.broadcast_to(density, probe_rates().shape)
    if made is not None:
        logs = np.log(weights) + probe_likelihood(made)
        weights = np.exp(logs - logsumexp(logs, axis=2, keepdims=True))
    return np.asarray(np.einsum("fps,fpsx->fpx", weights, _probe_counts()))


@lru_cache(maxsize=1)
def _probe_counts() -> Floats:
    hits = np.arange(BATCH + 1)
    return np.asarray(stats.binom.pmf(hits, BATCH, probe_rates()[..., None]))


@lru_cache(maxsize=1)
def _flat_counts() -> Floats:
    return np.asarray(stats.binom.pmf(np.arange(BATCH + 1), BATCH, flat_rates()[:, None]))


def _entropy(p: Floats) -> float:
    kept = p[p > 0]
    return float(-(kept * np.log2(kept)).sum())
