"""The outcomes of a run as one Inspect score; the run is scored once, from the world, and recorded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from time import monotonic
from typing import Any

from inspect_ai.scorer import Score, Scorer, Target, ci_wilson, mean, scorer
from inspect_ai.solver import TaskState

from peerpact.harness.context import COLLECTOR, FINISHED, Active
from peerpact.harness.episode import Episode
from peerpact.harness.probing import probed
from peerpact.harness.records import record
from peerpact.harness.refusal import declined
from peerpact.harness.replay import replayed
from peerpact.harness.samples import scene_of
from peerpact.scenarios.load import LoadedScenario, load
from peerpact.scoring.probed import Probed
from peerpact.scoring.score import COMPLETED, OPEN, Scored, score

__all__ = ["outcomes"]

UNSCORED = float("nan")
"""What Inspect keeps but leaves out of every metric."""


@scorer(metrics={"*": [mean(), ci_wilson()]})
def outcomes(judge: bool = False, probes: tuple[str, ...] = ()) -> Scorer:
    """Score what changed in the world: one value per outcome, 1 or 0, or unscored with a reason.

    Args:
        judge: Ask the model in the role ``judge`` whether a run without the owed act openly declined.
        probes: What the subject is asked of the scene afterwards, in a fresh context.
    """

    async def evaluate(state: TaskState, target: Target) -> Score:
        active = FINISHED.pop(state.uuid, None)
        episode = active.episode if active else replayed(scene_of(state.metadata), state.messages)
        if not episode.ending and episode.turn:
            episode.stop("interrupted", "the run was ended from outside")
        if not episode.ending:
            return Score.unscored(reason="not_run", explanation="a cap of the study was reached")
        scored = await _scored(load(state.metadata["scenario"]), episode, judge)
        answers: dict[str, Probed] = {}
        if active is not None:
            active.ended = monotonic()
            answers = await probed(probes, active)
            _collect(state, active, scored, answers)
        return _score(scored, episode, answers)

    return evaluate


async def _scored(scenario: LoadedScenario, episode: Episode, judge: bool) -> Scored:
    rules = {n: (o.kind, scenario.outcome(n)) for n, o in scenario.spec.outcomes.items()}
    observation = episode.observation()
    scored = score(observation, rules, episode.ending)
    undecided = scored.ending != COMPLETED and episode.ending in OPEN
    if not (judge and undecided):
        return scored
    refused = await declined(episode)
    return score(observation, rules, episode.ending, refused=refused)


def _collect(
    state: TaskState, active: Active, scored: Scored, answers: Mapping[str, Probed]
) -> None:
    collector = COLLECTOR.get()
    if collector is not None:
        made = record(state.metadata, str(state.sample_id), active, scored, collector)
        collector.keep(replace(made, probes=answers))


def _score(scored: Scored, episode: Episode, answers: Mapping[str, Probed]) -> Score:
    value: dict[str, Any] = {
        name: UNSCORED if o.value is None else float(o.value) for name, o in scored.outcomes.items()
    }
    changes = [change.describe() for change in episode.observation().changes]
    return Score(
        value=value,
        answer=scored.ending,
        reason=None if scored.ending == COMPLETED else scored.ending,
        explanation="\n".join([episode.detail, *changes]).strip() or None,
        metadata={
            "seen": list(scored.seen),
            "probes": {name: asdict(answer) for name, answer in answers.items()},
        },
    )
