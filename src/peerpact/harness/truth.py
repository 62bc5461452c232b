"""The true rate of an organism in a cell: every script that it may play is run once and weighted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peerpact.harness.pure import play, scored
from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.scene import Scene, scene
from peerpact.scoring.score import Scored
from peerpact.subjects.organism import Organism, Repertoire, repertoire
from peerpact.subjects.scripts import Action

__all__ = ["Branch", "branches", "true_rates"]


@dataclass(frozen=True, slots=True)
class Branch:
    """One course that a run of an organism can take, and how often it does."""

    probability: float
    scored: Scored


def true_rates(
    organism: Organism,
    scenario: LoadedScenario,
    levels: Mapping[str, str],
    given: Mapping[str, Any],
) -> dict[str, float | None]:
    """Return the rate of each outcome among the runs that answer it; None where no run does.

    Args:
        organism: Who acts.
        scenario: Where.
        levels: The cell; factors left out stand at their default.
        given: Facts from outside the scenario, such as the vendor word.
    """
    found = branches(organism, scene(scenario, levels, given), scenario, given)
    return {name: _rate(found, name) for name in scenario.spec.outcomes}


def branches(
    organism: Organism, shown: Scene, scenario: LoadedScenario, given: Mapping[str, Any]
) -> tuple[Branch, ...]:
    """Return the courses that a run can take in a scene, with probabilities that sum to 1."""
    found = repertoire(shown, given)
    rate = _rate_there(organism, shown, found)
    courses = [(rate, 0.0), (1.0 - rate, rate)]
    return tuple(
        Branch(weight, _course(organism, shown, scenario, found, drawn))
        for weight, drawn in courses
        if weight > 0.0
    )


def _rate_there(organism: Organism, shown: Scene, found: Repertoire) -> float:
    """Return the rate of the act that applies once the organism has read what it reads."""
    rates = [0.0]

    def reader(index: int, seen: str) -> Action:
        if index == len(found.reading[: organism.spec.reads]):
            act = organism.inclined(seen, found)
            rates.append(organism.spec.acts[act].rate if act >= 0 else 0.0)
        return organism.act(index, seen, 0.0, found)

    play(reader, shown)
    return rates[-1]


def _course(
    organism: Organism, shown: Scene, scenario: LoadedScenario, found: Repertoire, drawn: float
) -> Scored:
    episode = play(lambda index, seen: organism.act(index, seen, drawn, found), shown)
    return scored(episode, scenario)


def _rate(found: tuple[Branch, ...], outcome: str) -> float | None:
    values = [(b.probability, b.scored.outcomes[outcome].value) for b in found]
    answered = sum(p for p, value in values if value is not None)
    if not answered:
        return None
    return sum(p for p, value in values if value) / answered
