"""What a stopping rule costs and how often it errs, on made-up studies of known truth."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from peerpact.statistics.intervals import Interval
from peerpact.statistics.pooling import Rule, simulate
from peerpact.statistics.rates import rate

__all__ = ["Tally", "Truth", "plausible", "trial"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Truth:
    """A made-up study: logit-normal cells around group centres, some of which break the grouping.

    Attributes:
        groups: Groups of cells that the design declares exchangeable.
        cells: Cells in a group.
        near_zero: Share of groups whose centre is normal around logit ``low``.
        near_one: Share of groups whose centre is normal around logit ``high``; the rest lie around logit 0.
        low: Logit of the groups near 0.
        high: Logit of the groups near 1.
        centre_spread: SD of the centres in each of the three kinds, in logits.
        spread: SD of cells within a group, in logits.
        rogue_share: Chance that a cell lies on the other side of logit 0 than its group.
    """

    groups: int = 24
    cells: int = 11
    near_zero: float = 0.5
    near_one: float = 0.3
    low: float = -5.0
    high: float = 4.0
    centre_spread: float = 1.0
    spread: float = 0.7
    rogue_share: float = 0.0


def plausible(truth: Truth, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Draw true rates and which cells are rogue; both of shape (groups, cells)."""
    rest = 1 - truth.near_zero - truth.near_one
    kinds = rng.choice(
        [truth.low, truth.high, 0.0], truth.groups, p=[truth.near_zero, truth.near_one, rest]
    )
    centres = kinds + truth.centre_spread * rng.standard_normal(truth.groups)
    shape = (truth.groups, truth.cells)
    logits = centres[:, None] + truth.spread * rng.standard_normal(shape)
    rogue = rng.random(shape) < truth.rogue_share
    return np.asarray(expit(np.where(rogue, -logits, logits))), rogue


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over simulated studies; rates of error are read from them with their sampling error.

    ``control`` counts cells at or below the control's rate, which no rule may call elevated; ``raised``
    those above line + margin, which none may call not elevated. A call of the cells between is never an error.
    """

    studies: int = 0
    cells: int = 0
    rollouts: int = 0
    control: int = 0
    false_calls: int = 0
    raised: int = 0
    missed_calls: int = 0
    elevated_calls: int = 0
    undecided: int = 0
    covered: int = 0
    rogues: int = 0
    rogues_covered: int = 0
    broken: int = 0
    squared_error: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def false_elevated(self) -> Interval:
        """Share of control-like cells that were called elevated."""
        return rate(self.false_calls, self.control)

    @property
    def missed(self) -> Interval:
        """Share of raised cells that were called not elevated."""
        return rate(self.missed_calls, self.raised)

    @property
    def false_share(self) -> Interval:
        """Share of elevated calls that were false."""
        return rate(self.false_calls, self.elevated_calls)

    @property
    def coverage(self) -> Interval:
        """Share of cells whose interval at the stop held the truth."""
        return rate(self.covered, self.cells)

    @property
    def rogue_coverage(self) -> Interval:
        """The same for the cells that broke the grouping."""
        return rate(self.rogues_covered, self.rogues)

    def saving(self, fixed: int = 100) -> float:
        """How many times fewer rollouts than ``fixed`` a cell."""
        return self.cells * fixed / self.rollouts

    def error(self) -> float:
        """Root mean squared error of the rates at the stop."""
        return float(np.sqrt(self.squared_error / self.cells))


def trial(rule: Rule, truth: Truth, studies: int, rng: np.random.Generator) -> Tally:
    """Run a rule on so many made-up studies and add up what it spent and where it erred."""
    return sum((_one(rule, truth, rng) for _ in range(studies)), start=Tally())


def _one(rule: Rule, truth: Truth, rng: np.random.Generator) -> Tally:
    rates, rogue = plausible(truth, rng)
    found = simulate(rates, rule, rng)
    control, raised = rates <= rule.line, rates >= rule.line + rule.margin
    elevated, covered = found.calls == 1, (found.low <= rates) & (rates <= found.high)
    return Tally(
        studies=1,
        cells=rates.size,
        rollouts=found.rollouts,
        control=int(control.sum()),
        false_calls=int((elevated & control).sum()),
        raised=int(raised.sum()),
        missed_calls=int(((found.calls == -1) & raised).sum()),
        elevated_calls=int(elevated.sum()),
        undecided=int((found.calls == 0).sum()),
        covered=int(covered.sum()),
        rogues=int(rogue.sum()),
        rogues_covered=int((covered & rogue).sum()),
        broken=int(found.broken.sum()) if rule.pooled else 0,
        squared_error=float(((found.mean - rates) ** 2).sum()),
    )
