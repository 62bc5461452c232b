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
            raise ValueError(f"{len(self.options)} options; from 2 to {len(ascii_uppercase)} stand")
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


class _Own(RootModel[dict[str, dict[str, Question]]]):
    """What a scenario's file asks: probe → question."""


@dataclass(frozen=True, slots=True)
class Form:
    """A probe as one run is asked it."""

    prompt: str
    letters: Mapping[str, Mapping[str, str]]
    """Question → letter → option; empty for a question with a scale."""
    scales: Mapping[str, int]
    right: Mapping[str, str]
    """Question → its right option; nothing for the others."""

    @property
    def schema(self) -> dict[str, list[str | int]]:
        """Every question with all the answers that it may get."""
        return {
            name: list(options) or list(range(self.scales[name] + 1))
            for name, options in self.letters.items()
        }

    def read(self, text: str) -> Probed:
        """Return what an answer means.

        Raises:
            JudgeError: It is not an object with one allowed answer for each question.
        """
        given = _object(text)
        if set(given) != set(self.letters):
            raise JudgeError(f"keys {sorted(given)}, not {sorted(self.letters)}")
        for name, values in self.schema.items():
            if type(given[name]) is not type(values[0]) or given[name] not in values:
                raise JudgeError(f"{name}: {str(given[name])[:40]!r} is none of its answers")
        answers = {name: self.letters[name].get(given[name], given[name]) for name in self.letters}
        wrong = tuple(name for name, option in self.right.items() if answers[name] != option)
        if self.right:
            return Probed(MISUNDERSTOOD if wrong else UNDERSTOOD, answers, wrong)
        return Probed(str(next(iter(answers.values()))), answers)


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
    return parse(Probe, {"name": name, **read_yaml(path)}, path)


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
            f"the scenario has no question for the probe {probe!r}", where=scenario, found=lacking
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
    letters: dict[str, dict[str, str]] = {}
    right: dict[str, str] = {}
    lines: list[str] = []
    asked = questions(scene.scenario, probe)
    for name, question in asked.items():
        options = {key: render(text, scene.facts, name) for key, text in question.options.items()}
        keys = [list(options)[i] for i in rng.permutation(len(options))]
        letters[name] = dict(zip(ascii_uppercase, keys, strict=False))
        lines += [f"Question {name}: {render(question.asks, scene.facts, name)}"]
        lines += [f"{letter}. {options[key]}" for letter, key in letters[name].items()]
        lines += (
            [
                "",
            ]
            if options
            else [f"A whole number from 0 to {question.scale}.", ""]
        )
        if question.graded:
            right[name] = _right(question, scene, name)
    texts = {"documents": list(read), "questions": lines[:-1]}
    prompt = render(read_text(FOLDER / probe / "prompt.md"), texts)
    return Form(prompt, letters, {n: q.scale for n, q in asked.items()}, right)


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
