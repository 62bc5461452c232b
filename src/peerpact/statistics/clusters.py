"""Rates when runs come in clusters: the benchmark rate and the rate over wordings, side by side.

The benchmark rate is that of exactly these wordings and items; repeats make it precise. The rate
over wordings is that of wordings and items like these; only more wordings make it precise. The
distinction is NIST AI 800-3's; that clusters, not runs, carry the error is Miller (2024), section
2.2.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from peerpact.statistics.contrasts import Difference, difference
from peerpact.statistics.intervals import Interval, check_share
from peerpact.statistics.rates import rate

__all__ = [
    "ClusteredDifference",
    "ClusteredRate",
    "Runs",
    "clustered_difference",
    "clustered_rate",
    "tabulate",
]

Floats = NDArray[np.float64]
_METHOD = "cluster_bootstrap"
_FEW = 10  # outcomes of the rarer kind below which resampling shows too little spread


@dataclass(frozen=True, slots=True)
class ClusteredRate:
    """The rate on these wordings and items (``benchmark``) and over wordings and items (``generalised``)."""

    benchmark: Interval
    generalised: Interval
    wordings: int
    items: int
    runs: int


@dataclass(frozen=True, slots=True)
class ClusteredDifference:
    """Arm 1 minus arm 0 on these wordings and items, and over wordings and items like these."""

    benchmark: Difference
    generalised: Interval
    wordings: int
    items: int
    runs: int


@dataclass(frozen=True, slots=True)
class Runs:
    """Counts by arm, wording and item: two arrays of shape (arms, wordings, items)."""

    successes: Floats
    n: Floats

    @property
    def wordings(self) -> int:
        """How many wordings there are."""
        return int(self.n.shape[1])

    @property
    def items(self) -> int:
        """How many items there are."""
        return int(self.n.shape[2])


def _codes(labels: Sequence[Hashable] | None, runs: int, what: str) -> tuple[NDArray[np.intp], int]:
    if labels is None:
        return np.zeros(runs, dtype=np.intp), 1
    if len(labels) != runs:
        raise ValueError(f"each run needs one {what}; labels: {len(labels)}, runs: {runs}")
    codes: dict[Hashable, int] = {}
    found = [codes.setdefault(label, len(codes)) for label in labels]
    return np.array(found, dtype=np.intp), max(1, len(codes))


def tabulate(
    outcomes: Sequence[bool],
    wordings: Sequence[Hashable],
    items: Sequence[Hashable] | None = None,
    arms: Sequence[int] | None = None,
) -> Runs:
    """Count runs by arm (0 or 1), wording and item, one entry a scored run; without arms, one arm."""
    runs = len(outcomes)
    wording, n_wordings = _codes(wordings, runs, "wording")
    item, n_items = _codes(items, runs, "item")
    arm = np.zeros(runs, dtype=np.intp) if arms is None else np.asarray(arms, dtype=np.intp)
    if len(arm) != runs or not np.isin(arm, (0, 1)).all():
        raise ValueError("each run needs an arm, 0 or 1")
    scores = np.asarray(outcomes, dtype=np.float64)
    if not np.isin(scores, (0.0, 1.0)).all():
        raise ValueError(
            "outcomes are True or False; leave runs without a score out and count them"
        )
    shape = (1 if arms is None else 2, n_wordings, n_items)
    successes, n = np.zeros(shape), np.zeros(shape)
    np.add.at(successes, (arm, wording, item), scores)
    np.add.at(n, (arm, wording, item), 1.0)
    return Runs(successes, n)


def _draws(size: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each cluster is drawn; a single cluster is always drawn once, as nothing is known of others."""
    if size == 1:
        return np.ones((resamples, 1))
    return rng.multinomial(size, np.full(size, 1 / size), size=resamples).astype(np.float64)


def _replicates(runs: Runs, resamples: int, rng: np.random.Generator) -> Floats:
    """Rates of each arm, shape (resamples, arms), in samples of wordings and items (Owen 2007, section 3)."""
    by_wording = _draws(runs.wordings, resamples, rng)
    by_item = _draws(runs.items, resamples, rng)
    successes = np.einsum("bw,awi,bi->ba", by_wording, runs.successes, by_item, optimize=True)
    n = np.einsum("bw,awi,bi->ba", by_wording, runs.n, by_item, optimize=True)
    kept = (n > 0).all(axis=1)
    return np.asarray(successes[kept] / n[kept])


def _expanded(level: float, clusters: int) -> float:
    """Tail of the percentile interval that makes up for few clusters (Hesterberg 2015, eq. 9)."""
    t = stats.t.ppf((1 + level) / 2, clusters - 1)
    return float(stats.norm.cdf(-sqrt(clusters / (clusters - 1)) * t))


def _clusters(runs: Runs) -> int:
    """The fewest clusters among the factors that vary."""
    return min((size for size in (runs.wordings, runs.items) if size > 1), default=1)


def clustered_rate(
    outcomes: Sequence[bool],
    wordings: Sequence[Hashable],
    items: Sequence[Hashable] | None = None,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 4_000,
) -> ClusteredRate:
    """Estimate the rate on these wordings and the rate over wordings, from runs.

    Over wordings: percentile bootstrap that draws wordings and items independently of each other
    and together (pigeonhole bootstrap, Owen 2007), expanded for few clusters, and never narrower
    than the benchmark's. If all runs agree, resampling shows nothing and each wording counts as one
    run. With one wording there is no interval.
    """
    check_share("level", level)
    runs = tabulate(outcomes, wordings, items)
    total, found = len(outcomes), int(runs.successes.sum())
    benchmark = rate(found, total, level=level)
    generalised = _generalised(runs, benchmark, level, resamples, rng)
    return ClusteredRate(benchmark, generalised, runs.wordings if total else 0, runs.items, total)


def _generalised(
    runs: Runs, benchmark: Interval, level: float, resamples: int, rng: np.random.Generator
) -> Interval:
    value, n = benchmark.value, benchmark.n
    if value is None:
        return Interval(None, 0.0, 1.0, level, _METHOD, 0, "no scored run")
    clusters = _clusters(runs)
    if runs.wordings == 1:
        reason = "one wording says nothing about others"
        return Interval(value, 0.0, 1.0, level, _METHOD, n, reason)
    if value in (0.0, 1.0):
        flat = rate(int(value) * clusters, clusters, level=level)
        reason = "all runs agree: each wording counts as one run"
        return Interval(value, flat.low, flat.high, level, "wilson_clusters", n, reason)
    tail = _expanded(level, clusters)
    low, high = np.quantile(_replicates(runs, resamples, rng)[:, 0], [tail, 1 - tail])
    return Interval(
        value, min(float(low), benchmark.low), max(float(high), benchmark.high), level, _METHOD, n
    )


def clustered_difference(
    outcomes: Sequence[bool],
    arms: Sequence[int],
    wordings: Sequence[Hashable],
    items: Sequence[Hashable] | None = None,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 4_000,
) -> ClusteredDifference:
    """Contrast two arms that share wordings and items, from runs.

    Both arms are resampled with the same wordings and items, so what they share cancels. Where one
    outcome is rare in both arms the interval is at least the benchmark's. Where the
    resampled differences do not vary at all, the interval is that of a pair of arms with one run a
    wording.
    """
    check_share("level", level)
    runs = tabulate(outcomes, wordings, items, arms)
    (x0, x1), (n0, n1) = runs.successes.sum(axis=(1, 2)), runs.n.sum(axis=(1, 2))
    benchmark = difference(int(x1), int(n1), int(x0), int(n0), level=level)
    generalised = _generalised_difference(runs, benchmark, level, resamples, rng)
    return ClusteredDifference(benchmark, generalised, runs.wordings, runs.items, len(outcomes))


def _generalised_difference(
    runs: Runs, benchmark: Difference, level: float, resamples: int, rng: np.random.Generator
) -> Interval:
    value, n = benchmark.value, benchmark.n1 + benchmark.n0
    if value is None:
        return Interval(None, -1.0, 1.0, level, _METHOD, n, benchmark.reason)
    if runs.wordings == 1:
        reason = "one wording says nothing about others"
        return Interval(value, -1.0, 1.0, level, _METHOD, n, reason)
    clusters = _clusters(runs)
    replicates = _replicates(runs, resamples, rng)
    tail = _expanded(level, clusters)
    low, high = np.quantile(replicates[:, 1] - replicates[:, 0], [tail, 1 - tail])
    found = benchmark.x1 + benchmark.x0
    if high - low > 1e-9 and min(found, n - found) < _FEW:
        low, high = min(low, benchmark.low), max(high, benchmark.high)
        reason = "few runs differ: limits no narrower than the benchmark's"
        return Interval(value, float(low), float(high), level, _METHOD, n, reason)
    if high - low > 1e-9:
        return Interval(value, float(low), float(high), level, _METHOD, n)
    x1, x0 = (round(float(share) * clusters) for share in replicates[0, ::-1])
    flat = difference(x1, clusters, x0, clusters, level=level)
    reason = "all wordings agree: each counts as one run an arm"
    return Interval(value, flat.low, flat.high, level, "newcomb_clusters", n, reason)
