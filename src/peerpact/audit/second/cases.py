"""Labelled cases for the words of a check: how often a judge is right on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from peerpact.audit.cases import Run, transcript
from peerpact.audit.detector import cite, finding
from peerpact.audit.findings import Finding, Level
from peerpact.audit.inquiry import ANSWERED, Reply
from peerpact.audit.second.questions import Checked, question
from peerpact.audit.transcript import Transcript
from peerpact.subjects.spec import Subject
from peerpact.text import read_yaml

__all__ = ["Labelled", "Measured", "labelled", "measured"]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Claim(_Closed):
    kind: str
    messages: tuple[int, ...]
    facts: dict[str, Any]
    verdict: Literal["confirmed", "contradicted", "unclear"]


class _Case(_Closed):
    name: str
    run: Run
    claims: tuple[_Claim, ...]
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A question whose answer is known."""

    name: str
    checked: Checked
    verdicts: tuple[str, ...]
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """How a judge does on the labelled cases."""

    cases: int
    answered: int
    right: int
    """Cases in which every verdict and every other kind is the label's."""
    wrong: tuple[str, ...]
    """The answered cases that are not right, by name."""


@lru_cache(maxsize=1)
def _cases() -> tuple[_Case, ...]:
    written = read_yaml(files(__package__) / "cases.yaml")
    return tuple(_Case.model_validate(case) for case in written)


def labelled(judge: Subject) -> tuple[Labelled, ...]:
    """Return the labelled cases as questions to a judge."""
    return tuple(_labelled(case, judge) for case in _cases())


def _labelled(case: _Case, judge: Subject) -> Labelled:
    run = transcript(case.run, case.name)
    claims = tuple(_finding(claim, run) for claim in case.claims)
    verdicts = tuple(claim.verdict for claim in case.claims)
    return Labelled(case.name, question(run, claims, judge), verdicts, case.others)


def _finding(claim: _Claim, run: Transcript) -> Finding:
    name, _, made = claim.kind.partition("/")
    found = finding(name, made, run, cite(run, *claim.messages), Level.high)
    return replace(found, facts=claim.facts)


def measured(known: Sequence[Labelled], replies: Mapping[str, Reply]) -> Measured:
    """Compare a judge's answers with the labels.

    Args:
        known: The cases.
        replies: What came back, by identity.
    """
    found = [(one, replies.get(one.checked.question.identity)) for one in known]
    answered = [(one, r.answer) for one, r in found if r is not None and r.outcome == ANSWERED]
    wrong = tuple(one.name for one, answer in answered if not _right(one, answer or {}))
    return Measured(len(known), len(answered), len(answered) - len(wrong), wrong)


def _right(one: Labelled, answer: Mapping[str, Any]) -> bool:
    given = {v["claim"]: v["verdict"] for v in answer["verdicts"]}
    verdicts = tuple(given[n] for n in range(1, len(one.verdicts) + 1))
    return verdicts == one.verdicts and {o["kind"] for o in answer["others"]} == one.others
