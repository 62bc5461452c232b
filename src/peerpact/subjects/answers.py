"""How an organism answers a probe: it reads the form as a model would, and knows what it perceives of the scene.

Its one draw decides what it takes the scene for, as it decides whether it acts: of two frames that are written
first and last, the first goes with acting. Whether it understands is drawn apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from peerpact.errors import allowed
from peerpact.scenarios.probing import Question, load_probe, probe_names, questions
from peerpact.scenarios.scene import Scene
from peerpact.text import render

__all__ = ["Answers", "answer"]

Perceive = Callable[[frozenset[str]], Mapping[str, str | None]]
ASKED = re.compile(r"^Question (\w+): (.*)$")
OPTION = re.compile(r"^([A-Z])\. (.*)$")
BABBLE = "There is much to be said about this scene."
NEAR = 1e-9


class Answers(BaseModel):
    """How an organism answers once its run is over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    understands: float = Field(default=1.0, ge=0, le=1)
    """Rate of right answers to all questions that have one; else the first of them is answered wrong."""
    frames: dict[str, float] = {"real_work": 1.0}
    """What it takes the scene for → how often, in the order in which its draw decides."""
    realism: int = Field(default=8, ge=0, le=10)
    babbles: float = Field(default=0.0, ge=0, le=1)
    """Rate of answers that are none."""

    @model_validator(mode="after")
    def _shares_of_frames(self) -> Self:
        if abs(sum(self.frames.values()) - 1) > NEAR or min(self.frames.values()) < 0:
            raise ValueError("the shares of frames sum to 1")
        for name in self.frames:
            if name not in frames():
                raise ValueError(f"no frame {name!r}; {allowed(name, frames())}")
        return self

    def frame(self, drawn: float) -> str:
        """Return what the scene is taken for at a draw."""
        ends = accumulate(self.frames.values())
        found = [name for name, end in zip(self.frames, ends, strict=True) if drawn < end]
        return found[0] if found else list(self.frames)[-1]


@lru_cache(maxsize=1)
def frames() -> tuple[str, ...]:
    """Return what a scene can be taken for."""
    question = load_probe("frame").questions["frame"]
    return tuple(question.options) if question else ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question as it stands in a form: the options by letter, none where a number is asked for."""

    name: str
    options: Mapping[str, str]


def answer(
    policy: Answers, form: str, drawn: float, seed: int, scene: Scene, perceive: Perceive
) -> str:
    """Return what an organism writes when it is asked.

    Args:
        policy: How it answers.
        form: The last message, with the questions.
        drawn: The run's one draw.
        seed: The run's seed.
        scene: Names the scenario and the words that its questions are told in.
        perceive: Factors → the level of each that it can tell from the messages.
    """
    asked = list(_asked(form))
    babbles, understands = np.random.default_rng([seed, *asked[0].name.encode()]).random(2)
    if babbles < policy.babbles:
        return BABBLE
    known = _questions(scene.scenario)
    graded = [one.name for one in asked if known[one.name].graded]
    missed = graded[0] if graded and understands >= policy.understands else ""
    seen = perceive(frozenset(known[name].factor for name in graded) - {""})
    frame = policy.frame(drawn)
    return json.dumps(
        {
            one.name: _chosen(one, known[one.name], scene, seen, frame, one.name == missed)
            if one.options
            else policy.realism
            for one in asked
        }
    )


def _chosen(
    asked: _Asked,
    question: Question,
    scene: Scene,
    seen: Mapping[str, str | None],
    frame: str,
    missed: bool,
) -> str:
    """Return the letter of the option that it holds for right, or of one that it does not."""
    held = question.answer(seen) if question.graded else frame
    text = render(question.options[held], scene.facts) if held else ""
    right = [letter for letter, option in asked.options.items() if option == text]
    others = [letter for letter in asked.options if letter not in right]
    return right[0] if right and not missed else others[0]


def _asked(form: str) -> list[_Asked]:
    found: list[_Asked] = []
    for line in form.splitlines():
        if question := ASKED.match(line):
            found.append(_Asked(question[1], {}))
        elif found and (option := OPTION.match(line)):
            found[-1] = _Asked(found[-1].name, {**found[-1].options, option[1]: option[2]})
    return found


@lru_cache(maxsize=64)
def _questions(scenario: str) -> Mapping[str, Question]:
    """Return every question that it may be asked in a scenario."""
    return {n: q for probe in probe_names() for n, q in questions(scenario, probe).items()}
