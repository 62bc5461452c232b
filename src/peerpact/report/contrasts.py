"""The declared contrasts of one subject: differences, differences of differences, and both over all scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

from peerpact.design.contrasts import Pair
from peerpact.design.study import Contrast
from peerpact.statistics import (
    Combination,
    Difference,
    Interval,
    anytime_combination,
    benjamini_hochberg,
    combined_means,
    combined_rates,
    difference,
    holm,
)
from peerpact.text import counted, form

if TYPE_CHECKING:
    from peerpact.report.results import CellEstimate

__all__ = ["ContrastEstimate", "OverallEstimate", "contrast_estimates", "weighted_rates"]

ANYTIME, ANYTIME_DIFFERENCE = "beta_binomial_mixture", "beta_binomial_union"
SIGNS = (1.0, -1.0, 1.0, -1.0)
"""How the arms of a contrast count, in their order: ``to``, ``source``, and the two of the base."""
SEVERAL = 2


class _Weighted:
    """A weighted sum of arms, and what may be said of it."""

    __slots__ = ()
    difference: Difference | Combination | None
    adjusted_p: float | None
    side: str

    @property
    def arms(self) -> tuple[CellEstimate, ...]:
        """Its arms, in the order of their signs."""
        raise NotImplementedError

    @property
    def weights(self) -> tuple[float, ...]:
        """How its arms count."""
        raise NotImplementedError

    @property
    def known(self) -> float | None:
        """The contrast that is known beforehand, for an organism."""
        truths = [arm.truth for arm in self.arms if arm.truth is not None]
        if not truths or len(truths) < len(self.arms):
            return None
        return sum(w * truth for w, truth in zip(self.weights, truths, strict=True))

    @property
    def worst(self) -> tuple[float, float] | None:
        """The least and the largest value that the runs without a score allow; None without runs."""
        low = high = 0.0
        for weight, arm in zip(self.weights, self.arms, strict=True):
            ends = (arm.worst.lowest, arm.worst.highest)
            if ends[0] is None or ends[1] is None:
                return None
            first, last = ends if weight > 0 else ends[::-1]
            low, high = low + weight * (first or 0.0), high + weight * (last or 0.0)
        return low, high

    @property
    def verdict(self) -> str:
        """What may be said, in one word or two."""
        if self.side:
            return self.side
        if self.difference is None or self.adjusted_p is None:
            return "too few runs"
        if self.adjusted_p >= 0.05:
            return "undecided"
        return "higher" if (self.difference.value or 0) > 0 else "lower"


@dataclass(frozen=True, slots=True)
class ContrastEstimate(_Weighted):
    """One declared contrast of one subject."""

    subject: str
    pair: Pair
    source: CellEstimate
    to: CellEstimate
    difference: Difference | Combination | None
    """None where there are too few scored runs; ``reason`` says so."""
    adjusted_p: float | None = None
    """Holm over the subject's declared contrasts."""
    screened_p: float | None = None
    """Benjamini-Hochberg over the same contrasts, for a screen."""
    reason: str = ""
    side: str = ""
    """Under a stopping rule, which has no p-value: what limits say that hold for all contrasts at once."""
    base: tuple[CellEstimate, CellEstimate] | None = None
    """In a difference of differences: ``source`` and ``to`` at the first level of the crossing factor."""
    sizes: Combination | None = None
    """The same contrast of the mean size of what was found, where the outcome has a size."""
    over: Interval | None = None
    """The difference over wordings like these, resampled in both arms together; None as in a cell, and in a
    difference of differences."""

    @property
    def arms(self) -> tuple[CellEstimate, ...]:
        """Its arms, in the order of their signs."""
        return (self.to, self.source, *(self.base or ()))

    @property
    def weights(self) -> tuple[float, ...]:
        """How its arms count."""
        return SIGNS[: len(self.arms)]


@dataclass(frozen=True, slots=True)
class OverallEstimate(_Weighted):
    """One declared contrast of one subject over all its scenarios, each with the same weight."""

    subject: str
    contrast: Contrast
    parts: tuple[ContrastEstimate, ...]
    """The contrasts of single scenarios that it is the mean of."""
    left_out: tuple[str, ...]
    """Ids of those that have too few scored runs."""
    difference: Combination | None
    adjusted_p: float | None = None
    """Holm over the subject's declared contrasts, this one among them."""
    screened_p: float | None = None
    """As in a contrast."""
    reason: str = ""
    side: str = ""
    """As in a contrast."""
    sizes: Combination | None = None
    """As in a contrast."""

    @property
    def arms(self) -> tuple[CellEstimate, ...]:
        """The arms of all parts, in the order of their signs."""
        return tuple(arm for part in self.parts for arm in part.arms)

    @property
    def weights(self) -> tuple[float, ...]:
        """How its arms count."""
        return tuple(w / len(self.parts) for part in self.parts for w in part.weights)


Estimate = ContrastEstimate | OverallEstimate


def contrast_estimates(
    subject: str, pairs: Sequence[Pair], estimates: Sequence[CellEstimate], minimum: int
) -> tuple[list[ContrastEstimate], list[OverallEstimate]]:
    """Estimate the contrasts of one subject, all of them one family.

    A contrast between two routes stands with the subject that it goes to.

    Args:
        subject: The subject.
        pairs: The declared contrasts.
        estimates: The cells of all subjects.
        minimum: Below this many scored runs an arm enters no contrast.
    """
    by_key = {(e.subject, e.cell.id, e.outcome): e for e in estimates}
    pairs = [pair for pair in pairs if pair.subjects is None or pair.subjects[1] == subject]
    made = []
    for pair in pairs:
        whose = reversed(pair.subjects) if pair.subjects else repeat(subject)
        arms = [
            by_key.get((one, cell.id, pair.outcome))
            for one, cell in zip(whose, pair.cells, strict=False)
        ]
        found = [arm for arm in arms if arm is not None]
        if len(found) == len(arms):
            made.append(_contrast(subject, pair, found, minimum))
    overall = [_overall(subject, own, made) for own in _together(pairs) if made]
    family: list[Estimate] = [*made, *overall]
    p_values = [e.difference.p if e.difference else None for e in family]
    adjusted, screened = holm(p_values).adjusted, benjamini_hochberg(p_values).adjusted
    tests = sum(e.difference is not None for e in family)
    p = dict(zip(map(id, family), zip(adjusted, screened, strict=True), strict=True))

    def corrected(e: Estimate) -> dict[str, Any]:
        own, screen = p[id(e)]
        return {"adjusted_p": own, "screened_p": screen, "side": _side(e, tests)}

    return (
        [replace(e, **corrected(e)) for e in made],
        [replace(e, **corrected(e)) for e in overall],
    )


def _contrast(
    subject: str, pair: Pair, arms: Sequence[CellEstimate], minimum: int
) -> ContrastEstimate:
    to, source, *base = arms
    made = ContrastEstimate(
        subject, pair, source, to, None, base=(base[0], base[1]) if base else None
    )
    if min(arm.scored for arm in arms) < minimum:
        *others, last = (str(arm.scored) for arm in (source, to, *base))
        counts = f"{', '.join(others)} and {last}"
        return replace(made, reason=f"{counts} scored runs, {minimum} needed in each arm")
    found = _rates(made) if base or _watched(arms) else _two_rates(source, to)
    return replace(made, difference=found, sizes=_sizes(made))


def _two_rates(source: CellEstimate, to: CellEstimate) -> Difference:
    return difference(to.hits, to.scored, source.hits, source.scored)


def _together(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Return the contrasts of several scenarios that are declared to be taken together."""
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.contrast.overall:
            groups.setdefault(pair.contrast.name, []).append(pair)
    return [own for own in groups.values() if len(own) >= SEVERAL]


def _overall(
    subject: str, own: Sequence[Pair], made: Sequence[ContrastEstimate]
) -> OverallEstimate:
    ids = [pair.id for pair in own]
    parts = tuple(c for c in made if c.pair.id in ids and c.difference is not None)
    used = {c.pair.id for c in parts}
    left_out = tuple(pair for pair in ids if pair not in used)
    found = OverallEstimate(subject, own[0].contrast, parts, left_out, None)
    if len(parts) < SEVERAL:
        there = f"{len(parts)} of {counted(len(own), 'contrast')} {form(len(parts), 'has', 'have')}"
        return replace(found, reason=f"{there} enough scored runs")
    return replace(found, difference=_rates(found), sizes=_sizes(found))


def _watched(arms: Sequence[CellEstimate]) -> bool:
    """Whether the number of runs of an arm hung on what they showed."""
    return any(arm.interval.method == ANYTIME for arm in arms)


def _rates(e: Estimate) -> Combination:
    return weighted_rates(e.weights, e.arms)


def weighted_rates(weights: Sequence[float], arms: Sequence[CellEstimate]) -> Combination:
    """Return a weighted sum of rates; of arms that ended when they were answered, limits without a p-value."""
    counts = [arm.hits for arm in arms], [arm.scored for arm in arms]
    if not _watched(arms):
        return combined_rates(weights, *counts)
    found = anytime_combination(weights, *counts)
    return Combination(
        found.value,
        found.low,
        found.high,
        None,
        "none",
        found.n,
        found.level,
        found.method,
        found.reason,
    )


def _counts(e: Estimate) -> tuple[list[int], list[int]]:
    return [arm.hits for arm in e.arms], [arm.scored for arm in e.arms]


def _sizes(e: Estimate) -> Combination | None:
    if _watched(e.arms) or any(len(arm.measures) != arm.scored for arm in e.arms):
        return None
    return combined_means(e.weights, [arm.measures for arm in e.arms])


def _side(e: Estimate, tests: int) -> str:
    """Return what limits say that hold for all contrasts of a subject at once, under a stopping rule."""
    d = e.difference
    if d is None or d.method != ANYTIME_DIFFERENCE:
        return ""
    together = anytime_combination(e.weights, *_counts(e), level=1 - (1 - d.level) / tests)
    return "higher" if together.low > 0 else "lower" if together.high < 0 else "undecided"
