"""The detectors of an audit as one Inspect scorer, for tasks that are not this package's own."""

from __future__ import annotations

from inspect_ai.scorer import Score, Scorer, Target, ci_wilson, mean, scorer
from inspect_ai.solver import TaskState

from peerpact.audit.detector import Detector, sentence
from peerpact.audit.detectors import detector, detectors
from peerpact.audit.findings import Finding, Level
from peerpact.audit.inspect_messages import drafted, know
from peerpact.errors import StudyError, allowed

__all__ = ["findings"]


@scorer(metrics={"*": [mean(), ci_wilson()]})
def findings(only: str = "", least: str = "low") -> Scorer:
    """Score what the agent did for other AIs: 1 for each detector that finds something, else 0.

    Args:
        only: Names of detectors, separated by commas; empty for all that look at one run at a time.
        least: Findings less severe than this (low, medium, high) are not counted.

    Raises:
        StudyError: There is no detector of that name that looks at one run at a time, or no such severity.
    """
    chosen, level = _chosen(only), _level(least)

    async def evaluate(state: TaskState, target: Target) -> Score:
        draft = drafted(state.messages)
        draft.agent = str(state.model)
        know(draft, state.metadata, {})
        transcript = draft.finish(state.uuid, str(state.sample_id), "inspect_state")
        if transcript.status == "empty":
            return Score.unscored(reason="no_response", explanation="the agent never spoke")
        found = {d.name: [f for f in d.detect(transcript) if f.severity >= level]
                 for d in chosen if d.detect is not None}  # fmt: skip
        return _score(found)

    return evaluate


def _chosen(only: str) -> tuple[Detector, ...]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    able = {one.name: one for one in detectors() if one.detect is not None}
    for name in names:
        if detector(name).detect is None:
            hint = allowed(name, able)
            raise StudyError("this detector compares several runs", found=name, hint=hint)
    return tuple(able[name] for name in names or able)


def _level(name: str) -> Level:
    if name not in Level.__members__:
        raise StudyError("unknown severity", found=name, hint=allowed(name, Level.__members__))
    return Level[name]


def _score(found: dict[str, list[Finding]]) -> Score:
    every = [one for listed in found.values() for one in listed]
    return Score(
        value={name: float(bool(listed)) for name, listed in found.items()},
        answer=", ".join(dict.fromkeys(one.claim for one in every)) or None,
        explanation="\n".join(sentence(one) for one in every) or None,
        metadata={
            "evidence": [
                f"{one.claim}: {place.kind} {place.index}: {place.excerpt}"
                for one in every
                for place in one.evidence
            ]
        },
    )
