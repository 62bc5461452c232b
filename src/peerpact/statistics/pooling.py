"""Stopping across cells that a design declares exchangeable, and what it costs when they are not.

A cell stops when its group's posterior answers its question. Three things guard against a wrong
declaration: the posterior expects a share of rogue cells and each cell gets at least two runs, so a call
needs some evidence of the cell's own; a random share of stopped cells is audited with further runs;
and a group whose audit disagrees (it turns the call round, or is improbable under what the group said)
is broken, after which each of its cells is judged on its own runs by an anytime-valid interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from peerpact.statistics.exchangeable import Exchangeable, posterior
from peerpact.statistics.intervals import Interval
from peerpact.statistics.sequential import anytime_rate, decide

__all__ = ["CellReview", "Rule", "Simulated", "audit_disagrees", "review", "simulate"]

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Call = Literal["elevated", "not_elevated", "undecided"]
_NAMES: dict[int, Call] = {1: "elevated", -1: "not_elevated", 0: "undecided"}


@dataclass(frozen=True, slots=True)
class Rule:
    """When a cell has been asked enough; fixed before the data.

    Attributes:
        line: Rate of the control, above which a cell is elevated.
        margin: A cell is called not elevated once its rate lies below line + margin.
        false_elevated: Largest posterior probability of being wrong in an elevated call.
        missed: The same for a not-elevated call.
        half_width: If set, a cell stops at this half-width of its 95 % interval, not at its call.
        least: Runs that every cell gets.
        cap: Runs after which a cell ends undecided.
        pooled: Whether cells of a group inform each other at all.
        rogue_share: Share of cells expected to break the grouping.
        audit_share: Share of stopped cells that get ``audit_runs`` more.
        audit_runs: Runs of an audit.
        surprise: An audit this improbable under the posterior at the stop breaks its group.
    """

    line: float = 0.02
    margin: float = 0.10
    false_elevated: float = 0.01
    missed: float = 0.02
    half_width: float | None = None
    least: int = 2
    cap: int = 100
    pooled: bool = True
    rogue_share: float = 0.10
    audit_share: float = 0.05
    audit_runs: int = 10
    surprise: float = 0.01

    def __post_init__(self) -> None:
        shares = (self.false_elevated, self.missed, self.rogue_share, self.audit_share)
        if not all(0 <= share <= 1 for share in (*shares, self.surprise, self.line, self.margin)):
            raise ValueError("line, margin, error rates and shares lie between 0 and 1")
        if not 1 <= self.least <= self.cap:
            raise ValueError(f"least {self.least} must lie between 1 and cap {self.cap}")


@dataclass(frozen=True, slots=True)
class CellReview:
    """A cell at one look: its interval, its call, whether it may stop, and whose runs say so."""

    interval: Interval
    call: Call
    answered: bool
    basis: Literal["group", "own"]


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated study: arrays of shape (groups, cells), but ``broken`` of shape (groups,).

    ``calls`` holds 1 for elevated, -1 for not elevated, 0 for undecided.
    """

    successes: Counts
    n: Counts
    calls: Counts
    low: Floats
    high: Floats
    mean: Floats
    broken: Flags

    @property
    def rollouts(self) -> int:
        """All runs that were spent."""
        return int(self.n.sum())


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at many groups found: arrays of shape (groups, cells)."""

    calls: Counts
    answered: Flags
    low: Floats
    high: Floats
    mean: Floats


def _pooled_look(successes: Counts, n: Counts, rule: Rule) -> _Look:
    found = posterior(successes, n, Exchangeable(rule.rogue_share))
    ready = n >= rule.least
    elevated = ready & (found.above(rule.line) >= 1 - rule.false_elevated)
    spared = ready & ~elevated & (found.above(rule.line + rule.margin) <= rule.missed)
    calls = elevated.astype(np.int64) - spared.astype(np.int64)
    low, high = found.quantile(0.025), found.quantile(0.975)
    return _Look(calls, _answered(calls, low, high, ready, rule), low, high, found.mean())


def _answered(calls: Counts, low: Floats, high: Floats, ready: Flags, rule: Rule) -> Flags:
    if rule.half_width is None:
        return np.asarray(calls != 0)
    return np.asarray(ready & ((high - low) / 2 <= rule.half_width))


def _own_look(successes: Counts, n: Counts, rule: Rule) -> _Look:
    """Judge each cell by its own runs: calls from the anytime-valid interval."""
    pairs = list(zip(successes.ravel().tolist(), n.ravel().tolist(), strict=True))
    intervals = [anytime_rate(x, k) for x, k in pairs]
    low = np.array([interval.low for interval in intervals]).reshape(n.shape)
    high = np.array([interval.high for interval in intervals]).reshape(n.shape)
    ready = n >= rule.least
    elevated = ready & (low > rule.line)
    spared = ready & ~elevated & (high < rule.line + rule.margin)
    calls = elevated.astype(np.int64) - spared.astype(np.int64)
    mean = (successes + 0.5) / (n + 1)
    return _Look(calls, _answered(calls, low, high, ready, rule), low, high, mean)


def review(
    successes: Counts, n: Counts, rule: Rule, *, broken: bool = False
) -> tuple[CellReview, ...]:
    """Look at the cells of one group, given their counts, and say which may stop.

    In a broken group, or without pooling, each cell is judged on its own runs.
    """
    successes, n = np.asarray(successes, dtype=np.int64), np.asarray(n, dtype=np.int64)
    if broken or not rule.pooled:
        return tuple(
            _own_review(x, k, rule) for x, k in zip(successes.tolist(), n.tolist(), strict=True)
        )
    look = _pooled_look(successes[None], n[None], rule)
    return tuple(_group_review(look, cell, int(k)) for cell, k in enumerate(n.tolist()))


def _own_review(x: int, n: int, rule: Rule) -> CellReview:
    interval = anytime_rate(x, n)
    call = (
        decide(interval, line=rule.line, margin=rule.margin).call
        if n >= rule.least
        else "undecided"
    )
    narrow = rule.half_width is not None and interval.width / 2 <= rule.half_width
    answered = narrow if rule.half_width is not None else call != "undecided"
    return CellReview(interval, call, answered and n >= rule.least, "own")


def _group_review(look: _Look, cell: int, n: int) -> CellReview:
    value, low, high = (float(a[0, cell]) for a in (look.mean, look.low, look.high))
    reason = "" if n else "no scored run of its own: the group's rate"
    interval = Interval(value, low, high, 0.95, "hierarchical_logit", n, reason)
    return CellReview(
        interval, _NAMES[int(look.calls[0, cell])], bool(look.answered[0, cell]), "group"
    )


def audit_disagrees(
    successes: Counts, n: Counts, cell: int, found: int, runs: int, rule: Rule
) -> bool:
    """Say whether audit runs of a cell are too improbable under what its group said when it stopped.

    Args:
        successes: Runs with the outcome of each cell of the group, when the cell stopped.
        n: Scored runs likewise.
        cell: Which cell was audited.
        found: Audit runs with the outcome.
        runs: Audit runs.
        rule: Its ``surprise`` is compared with the two-sided posterior predictive probability.
    """
    before = posterior(np.asarray(successes), np.asarray(n), Exchangeable(rule.rogue_share))
    return _surprise(before.rates, before.weights[cell], found, runs) < rule.surprise


def _surprise(rates: Floats, weights: Floats, found: int, runs: int) -> float:
    below = float(weights @ stats.binom.cdf(found, runs, rates))
    above = float(weights @ stats.binom.sf(found - 1, runs, rates))
    return min(1.0, 2 * min(below, above))


@dataclass(frozen=True, slots=True)
class _Audit:
    """What a group's counts and the cell's call were when one of its stopped cells was chosen."""

    successes: Counts
    n: Counts
    cell: int
    call: int

    @property
    def found(self) -> int:
        return int(self.successes[self.cell])

    @property
    def runs(self) -> int:
        return int(self.n[self.cell])


class _Study:
    """A simulated study as it runs; mutable, and private to ``simulate``."""

    def __init__(self, rates: Floats, rule: Rule, rng: np.random.Generator) -> None:
        self.rates, self.rule, self.rng = rates, rule, rng
        self.x, self.n, self.calls = (np.zeros(rates.shape, dtype=np.int64) for _ in range(3))
        self.low, self.high, self.mean = (np.zeros(rates.shape) for _ in range(3))
        self.stopped = np.zeros(rates.shape, dtype=bool)
        self.broken = np.full(len(rates), not rule.pooled)
        self.chosen = rng.random(rates.shape) < (rule.audit_share if rule.pooled else 0.0)
        self.audit_left = np.zeros(rates.shape, dtype=np.int64)
        self.audited = np.zeros(rates.shape, dtype=bool)
        self.audits: dict[tuple[int, int], _Audit] = {}

    def run(self) -> None:
        while (active := (~self.stopped | (self.audit_left > 0)) & (self.n < self.rule.cap)).any():
            self.x += active & (self.rng.random(self.rates.shape) < self.rates)
            self.n += active
            self.audit_left -= active & (self.audit_left > 0)
            for broken in (False, True):
                groups = np.flatnonzero(active.any(axis=1) & (self.broken == broken))
                if len(groups):
                    self._look(groups, broken)
            self._finish_audits()

    def _look(self, groups: NDArray[np.intp], broken: bool) -> None:
        look = (_own_look if broken else _pooled_look)(self.x[groups], self.n[groups], self.rule)
        open_ = ~self.stopped[groups] | self.audited[groups]
        for mine, found in (
            (self.calls, look.calls),
            (self.low, look.low),
            (self.high, look.high),
            (self.mean, look.mean),
            (self.stopped, look.answered),
        ):
            mine[groups] = np.where(open_, found, mine[groups])
        if not broken:
            self._start_audits(groups, open_ & look.answered & self.chosen[groups])

    def _start_audits(self, groups: NDArray[np.intp], starting: Flags) -> None:
        for row, cell in zip(*np.nonzero(starting), strict=True):
            group = int(groups[row])
            key = (group, int(cell))
            self.audits[key] = _Audit(
                self.x[group].copy(), self.n[group].copy(), int(cell), int(self.calls[key])
            )
            self.audit_left[key] = self.rule.audit_runs
            self.audited[key], self.chosen[key] = True, False

    def _finish_audits(self) -> None:
        done = [
            key for key in self.audits if self.audit_left[key] == 0 or self.n[key] >= self.rule.cap
        ]
        for key in done:
            audit = self.audits.pop(key, None)
            if audit is None:  # an earlier audit of this look broke the group
                continue
            self.audited[key], self.audit_left[key] = False, 0
            found, runs = int(self.x[key]) - audit.found, int(self.n[key]) - audit.runs
            reversed_ = int(self.calls[key]) * audit.call < 0
            if reversed_ or audit_disagrees(
                audit.successes, audit.n, audit.cell, found, runs, self.rule
            ):
                self._break(key[0])

    def _break(self, group: int) -> None:
        """Open all cells of a group again; the next look judges each by its own runs."""
        self.broken[group] = True
        self.stopped[group] = self.audited[group] = self.chosen[group] = False
        self.audit_left[group] = 0
        self.audits = {key: audit for key, audit in self.audits.items() if key[0] != group}
        self._look(np.array([group]), True)


def simulate(rates: Floats, rule: Rule, rng: np.random.Generator) -> Simulated:
    """Run a study whose true rates are known, one run a cell and round, under a rule.

    Args:
        rates: True rates, shape (groups, cells).
        rule: The stopping rule.
        rng: Source of all randomness.
    """
    study = _Study(np.asarray(rates, dtype=np.float64), rule, rng)
    study.run()
    return Simulated(study.x, study.n, study.calls, study.low, study.high, study.mean, study.broken)
