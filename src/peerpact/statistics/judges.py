"""A rate that a judge reported, corrected for how often that judge is wrong.

Calibration counts come from runs whose truth is known. A judge that does not tell the two apart
carries no information about the rate, and no correction is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy import stats

from peerpact.statistics.contrasts import difference
from peerpact.statistics.intervals import Interval, check_counts, check_share
from peerpact.statistics.rates import rate

__all__ = ["Calibration", "Corrected", "rogan_gladen"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a judge did on runs of known truth: hits among positives, correct passes among negatives."""

    true_positives: int
    positives: int
    true_negatives: int
    negatives: int

    def __post_init__(self) -> None:
        check_counts(self.true_positives, self.positives)
        check_counts(self.true_negatives, self.negatives)


@dataclass(frozen=True, slots=True)
class Corrected:
    """The rate behind a judge's rate; ``corrected.value`` is None and ``reason`` set where it was refused."""

    corrected: Interval
    reported: Interval
    sensitivity: Interval
    specificity: Interval
    reason: str = ""

    @property
    def refused(self) -> bool:
        """Whether no correction was possible."""
        return self.corrected.value is None


def rogan_gladen(
    flagged: int, n: int, calibration: Calibration, *, level: float = 0.95
) -> Corrected:
    """Correct the share of runs that a judge flagged, its calibration error included in the limits.

    Estimate (p + q0 - 1) / (q0 + q1 - 1) of Rogan & Gladen (1978), cut off at 0 and 1, with q0 the
    specificity and q1 the sensitivity; limits of Lang & Reiczigel (2014), eq. 4-7, which Lee et al.
    (2025, arXiv 2511.21140) take up for judges. Refused unless q0 + q1 exceeds 1 beyond the error
    of its calibration at the same level.
    """
    flagged, n = check_counts(flagged, n)
    check_share("level", level)
    reported = rate(flagged, n, level=level)
    sensitivity = rate(calibration.true_positives, calibration.positives, level=level)
    specificity = rate(calibration.true_negatives, calibration.negatives, level=level)
    reason = _obstacle(n, calibration, level)
    if reason:
        refused = Interval(None, 0.0, 1.0, level, "rogan_gladen", n, reason)
        return Corrected(refused, reported, sensitivity, specificity, reason)
    return Corrected(_correct(flagged, n, calibration, level), reported, sensitivity, specificity)


def _obstacle(n: int, calibration: Calibration, level: float) -> str:
    if n == 0:
        return "no scored run"
    if not (calibration.positives and calibration.negatives):
        return "the judge was not calibrated on runs of both kinds"
    false_positives = calibration.negatives - calibration.true_negatives
    skill = difference(
        calibration.true_positives,
        calibration.positives,
        false_positives,
        calibration.negatives,
        level=level,
    )
    if skill.low > 0:
        return ""
    return (
        "the judge is not shown to be better than chance: of the positives it flags "
        f"{calibration.true_positives} of {calibration.positives}, of the negatives "
        f"{false_positives} of {calibration.negatives}"
    )


def _correct(flagged: int, n: int, calibration: Calibration, level: float) -> Interval:
    z = float(stats.norm.ppf((1 + level) / 2))
    m1, m0 = calibration.positives + 2, calibration.negatives + 2
    q1 = (calibration.true_positives + 1) / m1
    q0 = (calibration.true_negatives + 1) / m0
    p = (flagged + z**2 / 2) / (n + z**2)
    skill = q1 + q0 - 1
    centre = (p + q0 - 1) / skill
    v1, v0 = q1 * (1 - q1) / m1, q0 * (1 - q0) / m0
    shift = 2 * z**2 * (-(1 - centre) * v0 + centre * v1)
    spread = p * (1 - p) / (n + z**2) + (1 - centre) ** 2 * v0 + centre**2 * v1
    reach = z * sqrt(spread) / skill
    value = _estimate(flagged / n, calibration)
    low, high = _share(centre + shift - reach), _share(centre + shift + reach)
    return Interval(value, min(low, value), max(high, value), level, "rogan_gladen", n)


def _estimate(p: float, calibration: Calibration) -> float:
    q1 = calibration.true_positives / calibration.positives
    q0 = calibration.true_negatives / calibration.negatives
    return _share((p + q0 - 1) / (q0 + q1 - 1))


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
