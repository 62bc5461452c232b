"""Which judge is asked about which item in which arm, in which order; proved before anything is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, create_model

from peerpact import __version__
from peerpact.audit.inquiry import Question
from peerpact.audit.judges.table import Scale
from peerpact.audit.rejudge.items import Item, Items
from peerpact.audit.rejudge.prompts import Setting, lacks, shown
from peerpact.audit.rejudge.proof import Proof, prove
from peerpact.canonical import digest
from peerpact.errors import StudyError
from peerpact.subjects.spec import Subject
from peerpact.text import read_yaml

__all__ = ["Asked", "Plan", "plan", "score_schema"]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One judgment that is asked for."""

    question: Question
    judge: str
    item: Item
    arm: str
    replicate: int
    order: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All judgments that are asked for, and what of the items cannot be."""

    setting: Setting
    items: tuple[Item, ...]
    asked: Mapping[Subject, tuple[Asked, ...]]
    proof: Proof
    left_out: Mapping[str, int]
    """Items by reason."""
    replaced: Mapping[str, int] = field(default_factory=dict)
    """Names in the work that an arm masks or swaps, over the planned items."""
    touched: int = 0
    """Items in which a name is masked or swapped."""

    @property
    def frozen(self) -> Mapping[str, Any]:
        """What must stay the same when the plan is taken up again; items and replicates may be added."""
        setting, change = self.setting, self.setting.change
        return {
            "package": __version__,
            "change": change.name,
            "arms": list(change.arms),
            "held": dict(change.held),
            "texts": {n: f.model_dump(mode="json") for n, f in change.factors.items()},
            "scale": list(setting.scale),
            "seed": setting.seed,
            "other": setting.other,
            "names": list(setting.names),
        }


def plan(
    items: Items,
    setting: Setting,
    judges: Sequence[Subject],
    *,
    limit: int | None = None,
    replicates: int = 1,
) -> Plan:
    """Plan a re-judgment and prove that its arms differ in one thing.

    Args:
        items: The past items.
        setting: What is changed, the scale, the seed.
        judges: Who is asked.
        limit: Only so many items, drawn at random; a larger limit adds to a smaller one.
        replicates: How often each item is judged in each arm.

    Raises:
        StudyError: The arms differ elsewhere or not at all, or no item is left.
    """
    usable, left_out = _usable(items, setting)
    rng = np.random.default_rng(setting.seed)
    drawn = [usable[i] for i in rng.permutation(len(usable))[:limit]]
    proofs = [prove(item, setting) for item in drawn]
    names, touched = _replaced(drawn, setting)
    asked = {judge: tuple(_asked(drawn, setting, judge, replicates)) for judge in judges}
    return Plan(setting, tuple(drawn), asked, proofs[0], left_out, names, touched)


def _usable(items: Items, setting: Setting) -> tuple[list[Item], Mapping[str, int]]:
    left_out: Counter[str] = Counter()
    usable = []
    for item in sorted(items.found, key=lambda i: i.key):
        reason = lacks(item, setting) or ("same_name" if _same(item, setting) else "")
        left_out.update([reason] if reason else [])
        usable += [] if reason else [item]
    if not usable:
        words = read_yaml(files(__package__) / "texts.yaml")["lost"]
        told = ", ".join(f"{n} × {words[reason]}" for reason, n in left_out.items())
        raise StudyError(
            "no item can be judged in both arms", where=setting.change.name, found=told
        )
    return usable, dict(left_out)


def _same(item: Item, setting: Setting) -> bool:
    """Whether a swap would name the maker itself."""
    swaps = any(
        setting.change.level("identity", arm).mentions == "swapped" for arm in setting.change.arms
    )
    return swaps and item.judged == setting.other


def _replaced(items: Sequence[Item], setting: Setting) -> tuple[Mapping[str, int], int]:
    total: Counter[str] = Counter()
    touched = 0
    for item in items:
        arms = [shown(item, setting, arm).replaced for arm in setting.change.arms]
        most = max(arms, key=lambda found: sum(found.values()))
        total.update(most)
        touched += bool(most)
    return dict(total), touched


def _asked(
    items: Sequence[Item], setting: Setting, judge: Subject, replicates: int
) -> Iterator[Asked]:
    """Yield the judgments of one judge: items in random order, the arms of each in random order."""
    rng = np.random.default_rng([setting.seed, 1])
    schema = score_schema(setting.scale)
    order = 0
    for replicate in range(1, replicates + 1):
        for item in items:
            for arm in rng.permutation(2):
                name = setting.change.arms[arm]
                prompt = shown(item, setting, name).prompt
                told = [prompt, judge.route, dict(judge.settings), name, item.key, replicate]
                identity = digest([*told, __version__])
                order += 1
                question = Question(identity, prompt, schema)
                yield Asked(question, judge.name, item, name, replicate, order)


@lru_cache(maxsize=16)
def score_schema(scale: Scale) -> type[BaseModel]:
    """Return the closed schema of an answer: a reason, and a number on the scale."""
    number = Field(ge=scale.lowest, le=scale.highest, strict=True, allow_inf_nan=False)
    made: type[BaseModel] = create_model(
        "Score",
        __config__=ConfigDict(extra="forbid", frozen=True),
        reason=(str, ...),
        score=(float, number),
    )
    return made
