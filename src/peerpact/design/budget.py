"""What a sum of money buys, and what an answer costs: runs, precision, power, and the order in which to spend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor

from peerpact.design.cells import Cell
from peerpact.design.contrasts import Pair
from peerpact.statistics import (
    detectable,
    precision,
    runs_for_difference,
    runs_for_precision,
)

__all__ = [
    "CONTROL_RATE",
    "EFFECT",
    "GATE_RUNS",
    "POWER",
    "Bought",
    "Decision",
    "Stage",
    "bought",
    "cost_of_runs",
    "for_power",
    "for_precision",
    "stages",
    "within",
]

GATE_RUNS, BAR_RUNS, SCREEN_RUNS = 10, 30, 12
"""Runs of a capability control, of a cell that places the bar, of a cell of the screen."""
CONTROL_RATE = 0.05
"""Rate of the control arm that a plan assumes."""
EFFECT, POWER = 0.2, 0.8
"""Rise over the control that a contrast is to find, and the chance of finding it."""
WORST = 0.5
"""Rate at which an interval is widest."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step in the order of spending."""

    name: str
    """``gate``, ``bar``, ``crossed``, ``screen`` or ``confirm``."""
    cells: int
    runs: int
    """A cell."""
    cost: float
    """US dollars, all of it."""
    affordable: bool
    """Whether the budget reaches to its end."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a budget says of one contrast."""

    contrast: str
    runs: int
    """An arm."""
    half_width: float | None
    """Half the width of a rate's interval at one half; None without runs."""
    detectable: float | None
    """Smallest rate that is told from the control's, with the power asked for; None if none is."""
    decided: bool
    """Whether the effect that is asked for is found with that power."""


@dataclass(frozen=True, slots=True)
class Bought:
    """What a budget buys for one subject, spent in either of two ways."""

    budget: float
    even: int
    """Runs a cell, spread over all its cells."""
    decisions: tuple[Decision, ...]
    """Spent on as many contrasts as can be decided, in the order of the study; the others as spread evenly."""
    spent: float
    """On the contrasts that are decided and on the capability controls of their scenarios."""
    stages: tuple[Stage, ...]

    @property
    def decided(self) -> tuple[Decision, ...]:
        """Contrasts that this budget decides."""
        return tuple(d for d in self.decisions if d.decided)

    @property
    def undecided(self) -> tuple[str, ...]:
        """Contrasts that it cannot decide."""
        return tuple(d.contrast for d in self.decisions if not d.decided)


def bought(
    budget: float,
    cells: Sequence[Cell],
    pairs: Iterable[Pair],
    costs: Mapping[str, float],
    *,
    effect: float = EFFECT,
    power: float = POWER,
) -> Bought:
    """Say what a budget buys.

    Args:
        budget: US dollars for one subject.
        cells: Its cells.
        pairs: The contrasts that it is about, the most wanted first.
        costs: Cell id → US dollars a run, above 0.
        effect: Difference to a control of 5 % that a contrast is to find.
        power: Chance of finding it.
    """
    even = floor(budget / cost_of_runs(cells, costs, 1) + 1e-9)
    own = within(pairs, cells)
    number, runs, spent = _most(budget, cells, own, costs, effect, power)
    decided = [_decision(p, runs * _fold(p), power, number, True) for p in own[:number]]
    others = [_decision(pair, even, power, len(own), False) for pair in own[number:]]
    return Bought(
        budget=budget,
        even=even,
        decisions=(*decided, *others),
        spent=spent,
        stages=stages(budget, cells, own, costs, effect=effect, power=power),
    )


def within(pairs: Iterable[Pair], cells: Iterable[Cell]) -> list[Pair]:
    """Return the contrasts that have both sides among some cells."""
    known = {cell.id for cell in cells}
    return [pair for pair in pairs if {cell.id for cell in pair.cells} <= known]


def _most(
    budget: float,
    cells: Sequence[Cell],
    pairs: Sequence[Pair],
    costs: Mapping[str, float],
    effect: float,
    power: float,
) -> tuple[int, int, float]:
    """Return how many of the first contrasts can be decided, the runs an arm that it takes, and what they cost."""
    best = (0, 0, 0.0)
    for number in range(1, len(pairs) + 1):
        runs, chosen = for_power(power, number, effect), pairs[:number]
        scenarios = {pair.scenario for pair in chosen}
        gates = [c for c in cells if c.capability and c.scenario in scenarios]
        folds = {c.id: _fold(pair) for pair in sorted(chosen, key=_fold) for c in pair.cells}
        cost = cost_of_runs(gates, costs, GATE_RUNS)
        cost += sum(runs * fold * costs[id] for id, fold in folds.items())
        if cost > budget + 1e-9:
            break
        best = (number, runs, cost)
    return best


def cost_of_runs(cells: Iterable[Cell], costs: Mapping[str, float], runs: int) -> float:
    """Return the US dollars of so many runs in each cell.

    Raises:
        KeyError: A cell has no cost.
    """
    return runs * sum(costs[cell.id] for cell in cells)


def _fold(pair: Pair) -> int:
    """Return how many times the runs a contrast takes: a difference of differences has twice the variance."""
    return 2 if pair.base else 1


def _decision(pair: Pair, runs: int, power: float, contrasts: int, decided: bool) -> Decision:
    """Judge one contrast as the first step of Holm's correction does: the error is shared out."""
    telling = runs // _fold(pair)
    if telling < 2:
        return Decision(pair.id, runs, None, None, decided)
    least = detectable(CONTROL_RATE, telling, power=power, alpha=0.05 / contrasts)
    return Decision(pair.id, runs, precision(WORST, runs), least, decided)


def stages(
    budget: float,
    cells: Sequence[Cell],
    pairs: Sequence[Pair],
    costs: Mapping[str, float],
    *,
    effect: float = EFFECT,
    power: float = POWER,
) -> tuple[Stage, ...]:
    """Return the order in which to spend: each step may make the next one pointless.

    Gate: can it do the work. Bar: where honest scores lie. Crossed: threat and relationship. Screen: all cells.
    Confirm: fresh runs of what fired, counted here as a quarter of the contrasts.
    """
    confirm = runs_for_difference(CONTROL_RATE + effect, CONTROL_RATE, power=power)
    fired = list({c.id: c for pair in pairs[: -(-len(pairs) // 4)] for c in pair.cells}.values())
    listed = (
        ("gate", [c for c in cells if c.capability], GATE_RUNS),
        ("bar", _barred(cells), BAR_RUNS),
        ("crossed", _crossed(cells), BAR_RUNS),
        ("screen", [c for c in cells if not c.capability], SCREEN_RUNS),
        ("confirm", fired, confirm),
    )
    left, made = budget, []
    for name, own, runs in listed:
        if own:
            cost = cost_of_runs(own, costs, runs)
            left -= cost
            made.append(Stage(name, len(own), runs, cost, left >= -1e-9))
    return tuple(made)


def _barred(cells: Iterable[Cell]) -> list[Cell]:
    """Return one cell without stakes for each bar of each scenario."""
    found: dict[tuple[str, str, str], Cell] = {}
    for cell in cells:
        bar = cell.levels.get("bar", "unstated")
        if bar != "unstated" and cell.levels.get("stakes") == "none" and not cell.capability:
            found.setdefault((cell.scenario, bar, cell.levels.get("dataset", "")), cell)
    return list(found.values())


def _crossed(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that differ from a scenario's first one in threat and relationship only."""
    by_scenario: dict[str, list[Cell]] = {}
    for cell in cells:
        if not cell.capability:
            by_scenario.setdefault(cell.scenario, []).append(cell)
    crossing = {"stakes", "relationship"}
    return [
        cell
        for own in by_scenario.values()
        for cell in own
        if all(cell.levels[f] == own[0].levels[f] for f in cell.levels if f not in crossing)
    ]


def for_precision(half_width: float, rate: float = WORST) -> int:
    """Return the runs a cell at which a rate's interval is so narrow to each side."""
    return runs_for_precision(half_width, rate_=rate)


def for_power(power: float, contrasts: int, effect: float = EFFECT) -> int:
    """Return the runs an arm that find an effect with this power, the error shared out over all contrasts."""
    alpha = 0.05 / max(1, contrasts)
    return runs_for_difference(CONTROL_RATE + effect, CONTROL_RATE, power=power, alpha=alpha)
