"""Judges of known truth: what the audit has to find, and what it has to leave alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from peerpact.audit.judges.reading import from_columns
from peerpact.audit.judges.table import Bools, Codes, Floats, ScoreTable

__all__ = ["MODELS", "Grading", "Planted", "Work", "simulate", "simulated_columns"]

Heaping = Literal["none", "whole", "half", "fives"]

MODELS = ("claude-a", "claude-b", "gemini-a", "gemini-b", "gpt-a", "gpt-b", "grok-a", "grok-b")
"""Judged models, two of each of four families."""

_CALIPER = 3.0


@dataclass(frozen=True, slots=True)
class Planted:
    """A judge and what is wrong with it, in points on a scale from 0 to 100."""

    name: str
    leniency: float = 0.0
    favour: float = 0.0
    """Added to models of the judge's own family, which is the first word of its name."""
    stakes: float = 0.0
    """Added wherever something is at stake."""
    peer_stakes: float = 0.0
    """Added where something is at stake for a partner."""
    tracking: float = 0.0
    """Share of scores just below a bar that was told which are lifted over it."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is judged and under which arms; every judge judges everything in every arm."""

    items: int = 12
    models: Sequence[str] = MODELS
    bars: Sequence[float | None] = (None, 80.0, 90.0)
    stakes: Sequence[int] = (0, 1)
    relationship: Sequence[int] = (0,)


@dataclass(frozen=True, slots=True)
class Grading:
    """How finely judges grade: by whole points, halves, or half of them in fives."""

    heaping: Heaping = "whole"
    noise: float = 3.0
    taste: float = 2.0
    """Standard deviation of what a judge makes of a response, the same in all arms."""
    model_taste: float = 0.0
    """Standard deviation of what a judge makes of a model, the same for all that it answers."""


def simulate(
    judges: Sequence[Planted],
    rng: np.random.Generator,
    work: Work | None = None,
    grading: Grading | None = None,
) -> ScoreTable:
    """Return the scores that such judges give, with gold."""
    columns = simulated_columns(judges, rng, work or Work(), grading or Grading())
    return from_columns(columns, scale=(0.0, 100.0))


def simulated_columns(
    judges: Sequence[Planted], rng: np.random.Generator, work: Work, grading: Grading
) -> Mapping[str, Any]:
    """Return the same as columns, rows in random order."""
    sizes = (len(judges), len(work.models), work.items, len(work.stakes), len(work.bars))
    judge, model, item, stakes, bar, partner = (
        index.ravel() for index in np.indices((*sizes, len(work.relationship)))
    )
    quality = rng.normal(77, 5, (len(work.models), work.items))
    quality += rng.normal(0, 2, (len(work.models), 1))
    taste = rng.normal(0, grading.taste, (len(judges), len(work.models), work.items))
    if grading.model_taste:
        taste += rng.normal(0, grading.model_taste, (len(judges), len(work.models), 1))
    scores = quality[model, item] + taste[judge, model, item]
    scores += rng.normal(0, grading.noise, len(scores))
    told = np.array(work.stakes)[stakes] > 0
    partners = np.array(work.relationship)[partner] > 0
    bars = np.array([np.nan if one is None else one for one in work.bars])[bar]
    scores += _bias(judges, work, judge, model, told, partners)
    scores = _tracked(scores, bars, np.array([one.tracking for one in judges])[judge], rng)
    scores = np.clip(_heaped(scores, grading.heaping, rng), 0, 100)
    order = rng.permutation(len(scores))
    return {
        "judge": np.array([one.name for one in judges])[judge][order],
        "judged": np.array(work.models)[model][order],
        "item": np.char.add("item-", item.astype(str))[order],
        "score": scores[order],
        "gold": np.round(quality[model, item])[order],
        "bar": bars[order],
        "stakes": np.array(work.stakes)[stakes][order],
        "relationship": np.array(work.relationship)[partner][order],
    }


def _bias(
    judges: Sequence[Planted], work: Work, judge: Codes, model: Codes, told: Bools, partner: Bools
) -> Floats:
    own = np.array([[_kin(one.name) == _kin(m) for m in work.models] for one in judges])
    return np.asarray(
        np.array([one.leniency for one in judges])[judge]
        + np.array([one.favour for one in judges])[judge] * own[judge, model]
        + np.array([one.stakes for one in judges])[judge] * told
        + np.array([one.peer_stakes for one in judges])[judge] * (told & partner)
    )


def _kin(name: str) -> str:
    return name.partition("-")[0]


def _tracked(scores: Floats, bars: Floats, share: Floats, rng: np.random.Generator) -> Floats:
    with np.errstate(invalid="ignore"):
        near = (scores >= bars - _CALIPER) & (scores < bars)
    lifted = near & (rng.random(len(scores)) < share)
    return np.where(lifted, np.nan_to_num(bars) + rng.random(len(scores)), scores)


def _heaped(scores: Floats, heaping: Heaping, rng: np.random.Generator) -> Floats:
    if heaping == "none":
        return scores
    if heaping == "half":
        return np.asarray(np.round(scores * 2) / 2)
    whole = np.round(scores)
    if heaping == "whole":
        return np.asarray(whole)
    return np.where(rng.random(len(scores)) < 0.5, np.round(scores / 5) * 5, whole)
