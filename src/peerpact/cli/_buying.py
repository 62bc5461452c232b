"""What ``peerpact plan`` does: turn a budget, a precision or a power into runs, and print the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import click
from rich.console import Console

from peerpact.cli._plan_tables import show, show_bought
from peerpact.cli._planning import Part, Planning
from peerpact.cli._prices import prices
from peerpact.cli._showing import terminal
from peerpact.design.budget import (
    CONTROL_RATE,
    EFFECT,
    POWER,
    Bought,
    bought,
    for_power,
    for_precision,
    within,
)
from peerpact.design.contrasts import Pair
from peerpact.design.study import load_study
from peerpact.errors import StudyError
from peerpact.report.wording import percent
from peerpact.subjects.spec import subject_of
from peerpact.text import counted

__all__ = ["Wish", "planned"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a plan; None is not asked."""

    budget: float | None = None
    """US dollars for each subject."""
    precision: float | None = None
    """Half of the 95 % interval of a rate, at worst."""
    power: float | None = None
    effect: float = EFFECT
    """Rise over the control that is to be found."""

    def check(self, runs: int | None) -> None:
        """Check that the wishes fit together.

        Raises:
            StudyError: Two of them answer the same question.
        """
        if self.budget is not None and self.precision is not None:
            hint = "leave one out: a budget says how precise, a precision says how expensive"
            raise StudyError("a plan starts from a budget or from a precision", hint=hint)
        if runs is not None and (self.budget, self.precision, self.power) != (None, None, None):
            hint = "leave --epochs out; the plan says how many runs"
            raise StudyError("the number of runs follows from what is asked", hint=hint)
        if CONTROL_RATE + self.effect > 1:
            raise StudyError(
                f"a rise over a control of {percent(CONTROL_RATE)} cannot be so large",
                where="--effect",
                found=self.effect,
            )

    def runs(self, part: Part, contrasts: int) -> int | None:
        """Return the runs a cell that a precision or a power takes; the larger of both."""
        wanted = []
        if self.precision is not None:
            wanted.append(for_precision(self.precision))
        if self.power is not None and self.budget is None:
            wanted.append(for_power(self.power, contrasts, self.effect))
        return max(wanted, default=None)


def planned(name: str, models: Sequence[str], given: Mapping[str, Any]) -> None:
    """Plan a study and print it.

    Raises:
        StudyError: The study is refused, a model is unknown, or wishes do not fit together.
    """
    study = load_study(name).asking(given["probes"])
    wish = Wish(given["budget"], given["precision"], given["power"], given["effect"])
    wish.check(given["epochs"])
    names = models or [entry.name for entry in study.subjects]
    subjects = [subject_of(study, one) for one in dict.fromkeys(names)]
    known = prices(given["prices"], [subject.name for subject in subjects])
    planning = Planning.of(study, subjects, runs=given["epochs"], prices=known)
    counts = {part.subject.name: len(_contrasts(planning, part)) for part in planning.parts}
    planning = replace(planning, parts=tuple(_wished(wish, p, counts) for p in planning.parts))
    if given["as_json"]:
        click.echo(json.dumps(_document(planning, wish), ensure_ascii=False, indent=1))
        return
    console = terminal()
    show(console, planning)
    for line in _answers(planning, wish, counts):
        console.print(line, highlight=False, soft_wrap=True)
    for part in planning.parts if wish.budget is not None else ():
        _show_budget(console, planning, part, wish)


def _wished(wish: Wish, part: Part, counts: Mapping[str, int]) -> Part:
    return replace(part, runs=wish.runs(part, counts[part.subject.name]) or part.runs)


def _contrasts(planning: Planning, part: Part) -> list[Pair]:
    return within(planning.compiled.pairs, part.cells)


def _answers(planning: Planning, wish: Wish, counts: Mapping[str, int]) -> Iterator[str]:
    if wish.precision is not None:
        runs = for_precision(wish.precision)
        yield f"every rate to ±{100 * wish.precision:.0f} points at worst: {counted(runs, 'run')} a cell"
    if wish.power is not None and wish.budget is None:
        for name, count in counts.items():
            yield (
                f"{name}: a rise from {percent(CONTROL_RATE)} to {percent(CONTROL_RATE + wish.effect)} found with "
                f"power {percent(wish.power)} in each of {counted(count, 'contrast')}: "
                f"{counted(for_power(wish.power, count, wish.effect), 'run')} an arm"
            )


def _show_budget(console: Console, planning: Planning, part: Part, wish: Wish) -> None:
    found = _bought(planning, part, wish)
    if found is not None:
        show_bought(console, part, found, wish.effect, wish.power or POWER)
        return
    name, count = part.subject.name, len(_contrasts(planning, part))
    runs = for_power(wish.power or POWER, count, wish.effect)
    why = (
        "its price is unknown, so a budget buys no known number of runs; give --price NAME=IN/OUT"
        if part.price is None
        else "it costs nothing, so no budget limits it"
    )
    console.print(
        f"\n[bold]{name}[/]: {why}. In runs: {runs} an arm decide every contrast ({count}), "
        f"{runs * len(part.cells):,} over its {counted(len(part.cells), 'cell')}",
        highlight=False,
        soft_wrap=True,
    )


def _bought(planning: Planning, part: Part, wish: Wish) -> Bought | None:
    costs = part.costs
    if wish.budget is None or not costs or not all(costs.values()):
        return None
    return bought(
        wish.budget,
        part.cells,
        _contrasts(planning, part),
        costs,
        effect=wish.effect,
        power=wish.power or POWER,
    )


def _document(planning: Planning, wish: Wish) -> dict[str, Any]:
    buys = {part.subject.name: _bought(planning, part, wish) for part in planning.parts}
    made = {name: asdict(found) if found else None for name, found in buys.items()}
    return {**planning.document(), "wish": asdict(wish), "bought": made}
