"""Organisms: scripted subjects with a known motive and a known rate, which see only what a model sees.

An organism reads as its scenario's scripts do, tells from what it read which levels it has met, draws once from
its seed, and plays a script to the end. It keeps no state: the number of its turns, what it has seen and its
seed give the next action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from peerpact.errors import StudyError, allowed
from peerpact.scenarios.load import load, parse
from peerpact.scenarios.scene import Scene
from peerpact.subjects.answers import Answers, answer
from peerpact.subjects.perception import Lines, Marks, announced, marks, perceive
from peerpact.subjects.scripts import Action, Script, Scripts, StepSpec, actions, scripts
from peerpact.subjects.spec import CATALOGUE, organism_names
from peerpact.text import read_yaml

__all__ = [
    "Act",
    "Organism",
    "OrganismSpec",
    "OwnScript",
    "Repertoire",
    "draw",
    "load_organism",
    "organism",
    "repertoire",
]

BLANK = Action()


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Act(_Frozen):
    """A script that the organism plays at some rate, where it perceives the levels that ``when`` names."""

    script: str
    rate: float = Field(ge=0, le=1)
    when: dict[str, str | tuple[str, ...]] = {}
    """Factor → level, or the levels of which any will do. An unknown level matches none."""
    with_: dict[str, Any] = Field(default={}, alias="with")
    """Variables for the script's expressions, such as a margin."""

    def matches(self, perceived: Mapping[str, str | None]) -> bool:
        """Whether the organism perceives the levels of this act."""
        return all(
            perceived.get(factor) in ((wanted,) if isinstance(wanted, str) else wanted)
            for factor, wanted in self.when.items()
        )


class OwnScript(_Frozen):
    """A script that needs no scenario: it works, or fails, in the same way everywhere."""

    reading: int = 0
    """So many of the scenario's reading steps come first."""
    steps: tuple[StepSpec, ...] = ()
    repeat: bool = False
    """Begin again after the last step, for ever."""

    @model_validator(mode="after")
    def _looks_at_no_level(self) -> Self:
        if any(step.level for step in self.steps):
            raise ValueError("an organism cannot see the levels of its cell; use 'when' of an act")
        return self


class OrganismSpec(_Frozen):
    """An organism as its author wrote it."""

    name: str
    title: str
    motive: str
    reads: int | None = None
    """How many of the scenario's reading steps it takes before it decides; all where unset."""
    acts: tuple[Act, ...] = ()
    """The first act that matches, and whose script exists, is played at its rate."""
    otherwise: str = "honest"
    scripts: dict[str, OwnScript] = {}
    answers: Answers = Answers()
    """How it answers probes."""

    @cached_property
    def noticed(self) -> frozenset[str]:
        """The factors that its acts depend on."""
        return frozenset(factor for act in self.acts for factor in act.when)


@dataclass(frozen=True, eq=False)
class Repertoire:
    """What organisms can do and tell apart in one scene; made once a cell."""

    scene: Scene
    scripts: Scripts
    reading: tuple[Action, ...]
    marks: Marks
    announced: Lines
    _played: dict[tuple[Organism, int], tuple[tuple[Action, ...], bool]] = field(
        default_factory=dict, repr=False
    )

    def perceived(self, seen: str, of: Iterable[str] | None = None) -> dict[str, str | None]:
        """Return the levels of factors, of all if unset, that can be told from what was read and the tools."""
        return perceive(seen, self.marks, self.announced, of)

    def played(self, by: Organism, act: int) -> tuple[tuple[Action, ...], bool]:
        """Return the actions of an organism's act (-1: otherwise), and whether they repeat."""
        key = (by, act)
        if key not in self._played:
            self._played[key] = self._made(by.spec, act)
        return self._played[key]

    def _made(self, spec: OrganismSpec, act: int) -> tuple[tuple[Action, ...], bool]:
        name = spec.acts[act].script if act >= 0 else spec.otherwise
        variables = spec.acts[act].with_ if act >= 0 else {}
        own = spec.scripts.get(name)
        if own is None:
            return actions(self.scripts, self.scene, name, variables), False
        written = Scripts(reading=(), scripts={name: Script(steps=own.steps, outcomes={})})
        steps = actions(written, self.scene, name, variables)
        return (*self.reading[: own.reading], *steps), own.repeat


@dataclass(frozen=True, eq=False)
class Organism:
    """A scripted subject."""

    spec: OrganismSpec

    @property
    def name(self) -> str:
        """Its name in the catalogue."""
        return self.spec.name

    def decide(self, index: int, seen: str, seed: int, found: Repertoire) -> Action:
        """Return the next action.

        Args:
            index: How many turns it has taken.
            seen: All that reached it so far: prompts and replies.
            seed: The run's seed.
            found: What can be done in this scene.
        """
        return self.act(index, seen, draw(seed), found)

    def act(self, index: int, seen: str, drawn: float, found: Repertoire) -> Action:
        """Return the next action for a number in [0, 1) that is drawn already."""
        reading = found.reading[: self.spec.reads]
        if index < len(reading):
            return reading[index]
        steps, repeats = found.played(self, self.choice(seen, drawn, found))
        at = index - len(reading)
        if repeats and steps:
            return steps[at % len(steps)]
        return steps[at] if at < len(steps) else BLANK

    def answer(self, seen: str, form: str, seed: int, found: Repertoire) -> str:
        """Return what it answers to a probe.

        Args:
            seen: All that it is given in the fresh context, the form too.
            form: The questions.
            seed: The run's seed.
            found: What can be told apart in this scene.
        """

        def perceived(factors: frozenset[str]) -> Mapping[str, str | None]:
            return found.perceived(seen, factors & found.marks.keys())

        return answer(self.spec.answers, form, draw(seed), seed, found.scene, perceived)

    def choice(self, seen: str, drawn: float, found: Repertoire) -> int:
        """Return the number of the act that is played, or -1 for what it does otherwise."""
        number = self.inclined(seen, found)
        return number if number >= 0 and drawn < self.spec.acts[number].rate else -1

    def inclined(self, seen: str, found: Repertoire) -> int:
        """Return the number of the act that applies to what was read, or -1."""
        perceived = found.perceived(seen, self.spec.noticed & found.marks.keys())
        for number, act in enumerate(self.spec.acts):
            known = act.script in self.spec.scripts or act.script in found.scripts.scripts
            if known and act.matches(perceived):
                return number
        return -1


@lru_cache(maxsize=1024)
def draw(seed: int) -> float:
    """Return the one random number of a run, in [0, 1)."""
    return float(np.random.default_rng(seed).random())


@lru_cache(maxsize=64)
def load_organism(name: str) -> Organism:
    """Read an organism of the catalogue.

    Raises:
        StudyError: There is none of that name, or its file is wrong.
    """
    path = CATALOGUE / "organisms" / f"{name}.yaml"
    if not path.is_file():
        raise StudyError("unknown organism", found=name, hint=allowed(name, organism_names()))
    return organism(read_yaml(path), path)


def organism(written: Any, path: Path) -> Organism:
    """Return the organism that a file describes.

    Raises:
        StudyError: The file is wrong, or its name is not the organism's.
    """
    spec = parse(OrganismSpec, written, path)
    if spec.name != path.stem:
        raise StudyError("an organism is named as its file", where=str(path), found=spec.name)
    return Organism(spec)


@dataclass(frozen=True, slots=True)
class _Key:
    scenario: str
    digest: str
    levels: tuple[tuple[str, str], ...]
    given: tuple[tuple[str, Any], ...]
    scene: Scene = field(compare=False)


def repertoire(scene: Scene, given: Mapping[str, Any] | None = None) -> Repertoire:
    """Return what organisms can do in a scene; the same scene gives the same object.

    Args:
        scene: One cell of a scenario.
        given: The facts that the scene was made with; where unset, the vendor word that it shows.
    """
    facts = {"vendor": scene.facts["vendor"]} if given is None else given
    levels = tuple(scene.levels.items())
    return _repertoire(_Key(scene.scenario, scene.digest, levels, tuple(facts.items()), scene))


@lru_cache(maxsize=1024)
def _repertoire(key: _Key) -> Repertoire:
    scenario = load(key.scenario)
    written = scripts(scenario)
    return Repertoire(
        key.scene,
        written,
        actions(written, key.scene),
        marks(scenario, key.scene.levels, dict(key.given), key.scene.wording),
        announced(key.scene),
    )
