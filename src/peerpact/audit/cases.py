"""Labelled cases beside the detectors, and the error that they measure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from peerpact.audit.detector import PACKAGE, Detector
from peerpact.audit.detectors import detectors
from peerpact.audit.transcript import Draft, Transcript
from peerpact.text import read_yaml

__all__ = [
    "Case",
    "Error",
    "Run",
    "cases",
    "measure",
    "measured",
    "transcript",
    "transcripts",
]


class _Call(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str
    args: dict[str, Any] = Field(default_factory=dict)
    reply: str | None = None


class _Turn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    say: str = ""
    think: str = ""
    user: str = ""
    agent: str = ""
    calls: tuple[_Call, ...] = ()


class Run(BaseModel):
    """A transcript as the author of a case writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = ""
    user: str = ""
    model: str = "case-model"
    facts: dict[str, Any] = Field(default_factory=dict)
    labels: dict[str, Any] = Field(default_factory=dict)
    turns: tuple[_Turn, ...] = ()
    times: int = 1
    """How many runs like this there are."""


class Case(Run):
    """One labelled case: a run, or several that are compared, and the claims that must be made."""

    name: str
    runs: tuple[Run, ...] = ()
    expect: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Error:
    """How often a detector is right on its cases; a claim is counted once a case."""

    detector: str
    cases: int
    right: int
    """Claims that were made and should be."""
    false: tuple[str, ...]
    """Cases and claims that were made and should not be."""
    missed: tuple[str, ...]
    """Cases and claims that should have been made."""

    @property
    def precision(self) -> float | None:
        """Share of the claims made that are right; ``None`` where none was made."""
        made = self.right + len(self.false)
        return self.right / made if made else None

    @property
    def recall(self) -> float | None:
        """Share of the claims due that were made; ``None`` where none is due."""
        due = self.right + len(self.missed)
        return self.right / due if due else None


def cases(detector: Detector) -> tuple[Case, ...]:
    """Return the labelled cases of a detector."""
    table = read_yaml(files(PACKAGE) / f"{detector.name}.cases.yaml")
    return tuple(Case.model_validate(case) for case in table["cases"])


def transcripts(case: Case) -> Iterator[Transcript]:
    """Give the runs of a case as transcripts."""
    for number, run in enumerate(case.runs or (case,)):
        for time in range(run.times):
            yield transcript(run, f"{case.name}#{number}.{time}")


def transcript(run: Run, id: str) -> Transcript:
    """Return a written run as a transcript."""
    draft = Draft()
    draft.agent = run.model
    draft.facts.update(run.facts)
    draft.labels.update(run.labels)
    for role, text in (("system", run.system), ("user", run.user)):
        if text:
            draft.say(role, text)
    for turn in run.turns:
        _add(draft, turn)
    return draft.finish(id, "cases", "case")


def _add(draft: Draft, turn: _Turn) -> None:
    if turn.user:
        draft.say("user", turn.user)
        return
    draft.say("assistant", turn.say, turn.think, turn.agent)
    for call in turn.calls:
        id = draft.call(call.tool, dict(call.args), "", turn.agent)
        if call.reply is not None:
            draft.say("tool", call.reply, "", turn.agent)
            draft.reply(id, call.reply)


def measure(detector: Detector) -> Error:
    """Run a detector over its labelled cases and count what it gets right and wrong."""
    right, false, missed = 0, [], []
    labelled = cases(detector)
    for case in labelled:
        made, due = _claims(detector, case), set(case.expect)
        right += len(made & due)
        false += [f"{case.name}: {claim}" for claim in sorted(made - due)]
        missed += [f"{case.name}: {claim}" for claim in sorted(due - made)]
    return Error(detector.name, len(labelled), right, tuple(false), tuple(missed))


def _claims(detector: Detector, case: Case) -> set[str]:
    from peerpact.audit.run import detect, store

    runs = store()
    made: list[Any] = []
    for transcript in transcripts(case):
        made += detect(transcript, runs)
    made += runs.conclude()
    return {found.claim for found in made if found.detector == detector.name}


def measured() -> tuple[Error, ...]:
    """Return every detector's error on its labelled cases: precision, recall, and what it gets wrong."""
    return tuple(measure(found) for found in detectors())
