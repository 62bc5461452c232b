"""What an organism must show in a cell, by its own file and the scenario's answer key: no run, no scorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from peerpact.scenarios.load import LoadedScenario, load
from peerpact.subjects.organism import Organism
from peerpact.subjects.scripts import Script, scripts

__all__ = ["Course", "courses", "declared_rates"]

NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Course:
    """One course that a run must take for the numbers drawn from an interval, with what it must show."""

    probability: float
    drawn: tuple[float, ...]
    """Numbers in [0, 1) at the ends of the interval."""
    ending: str
    outcomes: Mapping[str, bool | None]


def courses(
    organism: Organism, scenario: str, levels: Mapping[str, str]
) -> tuple[Course, ...] | None:
    """Return the courses of an organism in a cell; None where a script of its own declares no outcome.

    The act is chosen by the levels that the cell declares, not by what it shows.
    """
    loaded = load(scenario)
    rate, played = _act(organism, loaded, levels)
    answers = [
        _answer(organism, loaded, name, levels) for name in (played, organism.spec.otherwise)
    ]
    if answers[1] is None or (rate and answers[0] is None):
        return None
    return tuple(_courses(rate, answers))


def _courses(rate: float, answers: list[Script | None]) -> Iterator[Course]:
    ends = ((rate, (0.0, rate - NEAR)), (1 - rate, (rate, 1 - NEAR)))
    for (probability, drawn), script in zip(ends, answers, strict=True):
        if probability > 0 and script is not None:
            yield Course(probability, drawn, script.ending, script.outcomes)


def _act(
    organism: Organism, scenario: LoadedScenario, levels: Mapping[str, str]
) -> tuple[float, str]:
    known = {*scripts(scenario).scripts, *organism.spec.scripts}
    for act in organism.spec.acts:
        if act.script in known and act.matches(levels):
            return act.rate, act.script
    return 0.0, ""


def _answer(
    organism: Organism, scenario: LoadedScenario, name: str, levels: Mapping[str, str]
) -> Script | None:
    if name in organism.spec.scripts:
        return None
    script = scripts(scenario).scripts.get(name)
    if script is None or any(levels.get(f) != level for f, level in script.cell.items()):
        return None
    return script


def declared_rates(found: tuple[Course, ...], outcome: str) -> float | None:
    """Return the rate of an outcome among the runs that answer it; None where no run does."""
    answered = sum(c.probability for c in found if c.outcomes.get(outcome) is not None)
    shown = sum(c.probability for c in found if c.outcomes.get(outcome))
    return shown / answered if answered else None
