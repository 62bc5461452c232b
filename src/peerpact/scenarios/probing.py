"""Probes: what a subject is asked of a scene in a fresh context after its run, and what its answer means.

Questions are closed. What is right follows from the levels of the cell, so code scores the answer. The options
of a question are shown in an order that the run's seed gives.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from peerpact import scoring
from peerpact.errors import JudgeError, StudyError, allowed
from peerpact.scenarios.load import load
from peerpact.scenarios.parsing import parse
from peerpact.scenarios.scene import Scene
from peerpact.scoring import Call
from peerpact.scoring.probed import Probed
from peerpact.text import read_text, read_yaml, render
from peerpact.worlds import act

__all__ = [
    "MISUNDERSTOOD",
    "UNDERSTOOD",
    "Asked",
    "Form",
    "Probe",
    "Question",
    "documents",
    "form",
    "load_probe",
    "probe_names",
    "questions",
]

FOLDER = Path(scoring.__file__).parent / "probes"
UNDERSTOOD, MISUNDERSTOOD = "understood", "misunderstood"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Question(_Frozen):
    """One closed question: options of which one is chosen, or a scale."""

    asks: str
    options: dict[str, str] = {}
    scale: int = Field(default=0, ge=0)
    """The highest whole number that may be answered, from 0, where there are no options."""
    factor: str = ""
    """The right option is the one named as the cell's level of this factor."""
    right: str = ""
    """The right option, where no level names one."""

    @model_validator(mode="after")
    def _is_closed(self) -> Self:
        if bool(self.options) == bool(self.scale):
            raise ValueError("a question has either options or a scale")
        if len(self.options) == 1 or len(self.options) > len(ascii_uppercase):
            raise ValueError(
                f"from 2 to {len(ascii_uppercase)} options stand; found {len(self.options)}"
            )
        if self.right and self.right not in self.options:
            raise ValueError(f"right: {allowed(self.right, self.options)}")
        return self

    @property
    def graded(self) -> bool:
        """Whether one of the options is right."""
        return bool(self.factor or self.right)

    def answer(self, levels: Mapping[str, str | None]) -> str:
        """Return the right option in a cell; empty where the question names none for it."""
        level = levels.get(self.factor) or ""
        return level if level in self.options else self.right


class Probe(_Frozen):
    """What is asked together."""

    name: str
    title: str
    questions: dict[str, Question | None] = Field(min_length=1)
    """By name, in the order asked; a question that is empty comes from the scenario."""
    prompt: str
    """The text around the questions."""


class _Own(RootModel[dict[str, dict[str, Question]]]):
    """What a scenario's file asks: probe → question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as one run is asked it."""

    name: str
    asks: str
    options: Mapping[str, str]
    """Letter → option; empty where a number is asked for."""
    shown: Mapping[str, str]
    """Letter → what stands behind it."""
    scale: int
    right: str
    """The right option; empty where there is none."""

    @property
    def answers(self) -> list[str | int]:
        """Every answer that it may get."""
        return [*self.options] or list(range(self.scale + 1))

    @property
    def lines(self) -> list[str]:
        """The question as it is read."""
        choices = [f"{letter}. {text}" for letter, text in self.shown.items()]
        number = f"A whole number from 0 to {self.scale}."
        return [f"Question {self.name}: {self.asks}", *(choices or [number])]

    def read(self, given: Any) -> str | int:
        """Return the option or the number that an answer means.

        Raises:
            JudgeError: It is none that may be given.
        """
        wanted = str if self.options else int
        if type(given) is not wanted or given not in self.answers:
            raise JudgeError(f"{self.name}: {str(given)[:40]!r} is none of its answers")
        return self.options[given] if isinstance(given, str) else int(given)


@dataclass(frozen=True, slots=True)
class Form:
    """A probe as one run is asked it."""

    prompt: str
    asked: tuple[Asked, ...]

    def read(self, text: str) -> Probed:
        """Return what an answer means.

        Raises:
            JudgeError: It is not an object with one allowed answer for each question.
        """
        given, names = _object(text), [one.name for one in self.asked]
        if set(given) != set(names):
            raise JudgeError(f"keys {sorted(given)}, not {sorted(names)}")
        answers = {one.name: one.read(given[one.name]) for one in self.asked}
        wrong = tuple(o.name for o in self.asked if o.right and answers[o.name] != o.right)
        if any(one.right for one in self.asked):
            return Probed(MISUNDERSTOOD if wrong else UNDERSTOOD, answers, wrong)
        return Probed(str(answers[names[0]]), answers)


def probe_names() -> list[str]:
    """Return the names of all probes."""
    return sorted(path.parent.name for path in FOLDER.glob("*/probe.yaml"))


@lru_cache(maxsize=16)
def load_probe(name: str) -> Probe:
    """Read a probe.

    Raises:
        StudyError: There is none of that name, or its file is wrong.
    """
    if name not in probe_names():
        raise StudyError("unknown probe", found=name, hint=allowed(name, probe_names()))
    path = FOLDER / name / "probe.yaml"
    prompt = read_text(path.with_name("prompt.md"))
    return parse(Probe, {"name": name, "prompt": prompt, **read_yaml(path)}, path)


@lru_cache(maxsize=256)
def questions(scenario: str, probe: str) -> Mapping[str, Question]:
    """Return what a probe asks in a scenario.

    Raises:
        StudyError: The scenario lacks a question of the probe, or its file is wrong.
    """
    own = _own(scenario).get(probe, {})
    asked = {name: own.get(name) or given for name, given in load_probe(probe).questions.items()}
    lacking = [name for name, question in asked.items() if question is None]
    if lacking:
        raise StudyError(
            f"the scenario has no question for the probe {probe!r}",
            where=scenario,
            found=lacking,
            hint="write one in questions.yaml, or leave the probe out",
        )
    return {name: question for name, question in asked.items() if question is not None}


def _own(scenario: str) -> Mapping[str, Mapping[str, Question]]:
    loaded = load(scenario)
    if not loaded.spec.questions:
        return {}
    path = loaded.sources.path(loaded.spec.questions)
    written = parse(_Own, read_yaml(path), path).root
    for probe, asked in written.items():
        known = load_probe(probe).questions
        for name in asked:
            if name not in known:
                hint = allowed(name, known)
                raise StudyError("unknown question", where=str(path), found=name, hint=hint)
    return written


def form(probe: str, scene: Scene, read: Iterable[str], seed: int) -> Form:
    """Return a probe as the subject of one run is asked it.

    Args:
        probe: Name of the probe.
        scene: What the run was made in.
        read: The texts that the subject read (``documents``).
        seed: The run's seed; it gives the order of the options.

    Raises:
        StudyError: The scenario lacks a question, or what is right in the cell has no option.
    """
    rng = np.random.default_rng([seed, *probe.encode()])
    asked = tuple(
        _asked(name, question, scene, rng)
        for name, question in questions(scene.scenario, probe).items()
    )
    texts = {"documents": list(read), "questions": ["\n".join(one.lines) for one in asked]}
    return Form(render(load_probe(probe).prompt, texts), asked)


def _asked(name: str, question: Question, scene: Scene, rng: np.random.Generator) -> Asked:
    keys = [list(question.options)[i] for i in rng.permutation(len(question.options))]
    options = dict(zip(ascii_uppercase, keys, strict=False))
    shown = {c: render(question.options[key], scene.facts, name) for c, key in options.items()}
    right = _right(question, scene, name) if question.graded else ""
    asks = render(question.asks, scene.facts, name)
    return Asked(name, asks, options, shown, question.scale, right)


def _right(question: Question, scene: Scene, name: str) -> str:
    found = question.answer(scene.levels)
    if not found:
        level = f"{question.factor}={scene.levels.get(question.factor)}"
        raise StudyError(
            f"question {name!r} has no option for {level}", where=scene.scenario, hint="add one"
        )
    return found


def documents(scene: Scene, calls: Iterable[Call]) -> tuple[str, ...]:
    """Return what a subject read in a scene, as it stood before the run, and nothing of what it did.

    A call counts where the untouched world obeys it and stays as it is.
    """
    start = scene.world.ticked()
    texts = []
    for call in calls:
        if call.refusal:
            continue
        step = act(scene.world, scene.tools, call.tool, call.arguments)
        if not step.refusal and step.world == start:
            texts.append(step.text)
    return tuple(dict.fromkeys(texts))


def _object(text: str) -> dict[str, Any]:
    """Return the JSON object in an answer, whatever words stand around it."""
    try:
        found = json.loads(text[text.find("{") : text.rfind("}") + 1], object_pairs_hook=_once)
    except (ValueError, RecursionError) as e:
        raise JudgeError("no JSON object") from e
    if not isinstance(found, dict):
        raise JudgeError("no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)
