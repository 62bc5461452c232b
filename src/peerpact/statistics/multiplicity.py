"""Corrections for asking many questions: Holm to confirm, Benjamini-Hochberg or e-BH to screen.

Each takes one entry a question and gives one back in the same order. An entry of None (a contrast
that could not be tested) stays None and is not counted as a question; the result states how many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

__all__ = ["Correction", "average_e", "benjamini_hochberg", "e_benjamini_hochberg", "holm"]

Answers = Sequence[float | None]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Correction:
    """The questions answered yes after correction; ``adjusted`` compares with alpha."""

    adjusted: tuple[float | None, ...]
    rejected: tuple[bool | None, ...]
    alpha: float
    method: str
    tested: int
    untested: int


def holm(p_values: Answers, *, alpha: float = 0.05) -> Correction:
    """Keep the chance of any false yes at alpha, under any dependence (Holm 1979): to confirm."""
    return _adjust(p_values, alpha, "holm", _stepped_down)


def benjamini_hochberg(p_values: Answers, *, alpha: float = 0.05) -> Correction:
    """Keep the expected share of false yeses at alpha (Benjamini & Hochberg 1995): for screens.

    Holds for independent or positively dependent p-values; contrasts that share a control arm are
    the latter.
    """
    return _adjust(p_values, alpha, "benjamini_hochberg", false_discovery_control)


def e_benjamini_hochberg(e_values: Answers, *, alpha: float = 0.05) -> Correction:
    """Keep the expected share of false yeses at alpha from e-values, under any dependence.

    Wang & Ramdas (2022), section 3. ``adjusted`` holds the smallest alpha at which each question
    would be answered yes.
    """
    tested = _tested(e_values)
    if (tested < 0).any():
        raise ValueError("e-values are at least 0")
    count = len(tested)
    order = np.argsort(-tested, kind="stable")
    with np.errstate(divide="ignore"):
        needed = count / (np.arange(1, count + 1) * tested[order])
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.minimum.accumulate(needed[::-1])[::-1], 1.0)
    return _spread(e_values, adjusted, adjusted <= alpha, alpha, "e_benjamini_hochberg")


def average_e(e_values: Sequence[float]) -> float:
    """Combine e-values about one question by their mean, valid under any dependence.

    Vovk & Wang (2021), proposition 3.1.
    """
    if len(e_values) == 0:
        raise ValueError("an average needs at least one e-value")
    return float(np.mean(e_values))


def _adjust(
    p_values: Answers, alpha: float, method: str, formula: Callable[[Floats], Floats]
) -> Correction:
    tested = _tested(p_values)
    if ((tested < 0) | (tested > 1)).any():
        raise ValueError("p-values lie between 0 and 1")
    adjusted = formula(tested) if len(tested) else tested
    return _spread(p_values, adjusted, adjusted <= alpha, alpha, method)


def _stepped_down(tested: Floats) -> Floats:
    """Adjust by Holm (statsmodels has it too, and collects garbage at every call: a second on a large study)."""
    order = np.argsort(tested, kind="stable")
    scaled = tested[order] * np.arange(len(tested), 0, -1)
    adjusted = np.empty_like(tested)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def _tested(values: Answers) -> Floats:
    tested = np.array([value for value in values if value is not None], dtype=np.float64)
    if np.isnan(tested).any():
        raise ValueError("a question that could not be tested is None, not NaN")
    return tested


def _spread(
    values: Answers,
    adjusted: Floats,
    rejected: NDArray[np.bool_],
    alpha: float,
    method: str,
) -> Correction:
    """Put the answers back where the questions stood."""
    answers = iter(zip(adjusted.tolist(), rejected.tolist(), strict=True))
    pairs = [(None, None) if value is None else next(answers) for value in values]
    return Correction(
        tuple(pair[0] for pair in pairs),
        tuple(pair[1] for pair in pairs),
        alpha,
        method,
        len(adjusted),
        len(values) - len(adjusted),
    )
