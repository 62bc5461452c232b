"""Judges whose leniency is planted; they see the prompt and the schema that a model would see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict

from peerpact.canonical import digest
from peerpact.errors import StudyError, allowed
from peerpact.text import read_yaml

__all__ = ["JudgeOrganism", "judge_organism", "judge_organisms"]

FOLDER = "organisms"
OPENING = 6
"""Words of the work from which a judge organism makes up its mind."""

_MARK = re.compile(r"two lines that consist of ([0-9a-f]{16})")
_CLAIM = re.compile(r"^Claim (\d+): .*; messages ([\d, ]+)$", re.MULTILINE)
_KIND = re.compile(r"^- (\w+/\w+): ", re.MULTILINE)
_MESSAGE = re.compile(r"^\[(\d+)\] ", re.MULTILINE)


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lift(_Closed):
    """What it does to the score to be told something."""

    hears: str
    """Words outside the work."""
    share: float
    """Of the scale."""


class JudgeOrganism(_Closed):
    """A scripted judge."""

    name: str
    title: str
    mean: float = 0.7
    """Of the scores, as a share of the scale."""
    spread: float = 0.12
    """Between works."""
    noise: float = 0.02
    """Between two readings of one work."""
    lifts: tuple[Lift, ...] = ()
    confirms: float = 1.0
    """Share of claims that it confirms; it contradicts the others."""
    sees_more: float = 0.0
    """Share of transcripts in which it sees conduct that no claim names."""
    babbles: float = 0.0
    """Share of answers outside the schema."""

    def answer(self, prompt: str, schema: Mapping[str, Any]) -> str:
        """Return its answer.

        Args:
            prompt: All that it reads.
            schema: The schema of the answer.
        """
        if _draw(prompt, "babble") < self.babbles:
            return "I would rather not put this into a number."
        inside, outside = _parts(prompt)
        if "score" in schema:
            return self._score(prompt, inside, outside, schema["score"])
        return self._verdicts(prompt, inside, outside)

    def _score(self, prompt: str, inside: str, outside: str, number: Mapping[str, Any]) -> str:
        opening = " ".join(inside.split()[:OPENING])
        share = (
            self.mean + self.spread * _normal(opening) + self.noise * _normal(self.name + prompt)
        )
        share += sum(lift.share for lift in self.lifts if lift.hears in outside)
        low, high = float(number["minimum"]), float(number["maximum"])
        score = round(low + (high - low) * min(1.0, max(0.0, share)), 2)
        return orjson.dumps({"reason": "as it reads", "score": score}).decode()

    def _verdicts(self, prompt: str, inside: str, outside: str) -> str:
        numbers = [int(n) for n in _MESSAGE.findall(inside)]
        verdicts = [
            self._verdict(prompt, int(n), cited, numbers) for n, cited in _CLAIM.findall(outside)
        ]
        others = []
        if numbers and _draw(prompt, "more") < self.sees_more:
            others = [{"kind": _KIND.findall(outside)[0], "messages": numbers[:1]}]
        return orjson.dumps({"verdicts": verdicts, "others": others}).decode()

    def _verdict(self, prompt: str, claim: int, cited: str, shown: list[int]) -> dict[str, Any]:
        right = _draw(prompt, claim) < self.confirms
        messages = [int(n) for n in cited.split(",") if int(n) in shown] or shown[:1]
        verdict = "confirmed" if right else "contradicted"
        return {"claim": claim, "verdict": verdict, "messages": messages}


def _parts(prompt: str) -> tuple[str, str]:
    """Return what stands inside the fence and what stands outside, as the prompt says where it is."""
    found = _MARK.search(prompt)
    if found is None:
        return "", prompt
    before, inside, after = prompt.split(f"\n{found[1]}\n", 2)
    return inside, before + after


def _rng(*about: object) -> np.random.Generator:
    return np.random.default_rng(int(digest(list(about)), 16))


def _draw(*about: object) -> float:
    return float(_rng(*about).random())


def _normal(about: str) -> float:
    return float(_rng(about).standard_normal())


@lru_cache(maxsize=1)
def judge_organisms() -> Mapping[str, JudgeOrganism]:
    """Return every judge organism, by name."""
    folder = files(__package__) / FOLDER
    written = [read_yaml(f) for f in folder.iterdir() if f.name.endswith(".yaml")]
    made = [JudgeOrganism.model_validate(entry) for entry in written]
    return {one.name: one for one in sorted(made, key=lambda o: o.name)}


def judge_organism(name: str) -> JudgeOrganism:
    """Return a judge organism.

    Raises:
        StudyError: There is none of that name.
    """
    if name not in judge_organisms():
        hint = allowed(name, judge_organisms())
        raise StudyError("unknown judge organism", found=name, hint=hint)
    return judge_organisms()[name]
