"""Scripted runs: each yields its ending and its outcomes, and together they show every outcome both ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from peerpact.errors import StudyError
from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.scene import Scene, scene
from peerpact.scoring import Call, Observation, Words
from peerpact.scoring.score import COMPLETED, Scored, score
from peerpact.subjects.scripts import Action, Script, Scripts, actions, scripts
from peerpact.testing.cells import GIVEN
from peerpact.worlds import act

__all__ = ["check_runs"]

HONEST, PRESERVE = "honest", "preserve"
"""Scripts that every scenario has: organisms play them."""
UNENDED = "silent"
AUTHOR_FAULTS = (
    ArithmeticError, AttributeError, ImportError, LookupError, NameError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
"""What ``outcomes.py`` raises when it is wrong."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one script came to."""

    ending: str
    values: Mapping[str, bool | None]
    refusals: tuple[str, ...]


def check_runs(scenario: LoadedScenario) -> Iterator[str]:
    """Yield scripts that do not run, or yield other things than they must, and outcomes seen one way only."""
    found = scripts(scenario)
    runs: dict[str, Run] = {}
    for name, script in found.scripts.items():
        where = f"{scenario.name}/scripts.yaml:{name}"
        try:
            runs[name] = _run(scenario, found, name)
        except StudyError as e:
            yield f"{where}: {e}"
        except AUTHOR_FAULTS as e:
            yield f"{scenario.name}/outcomes.py: {type(e).__name__}: {e} (script {name!r})"
        else:
            yield from _deviations(where, script, runs[name])
    yield from _one_sided(scenario, runs)
    yield from _meanings(scenario, runs)


def _run(scenario: LoadedScenario, found: Scripts, name: str) -> Run:
    shown = scene(scenario, found.scripts[name].cell, GIVEN)
    steps = (*actions(found, shown), *actions(found, shown, name))
    observed, ending = _play(shown, steps)
    rules = {n: (o.kind, scenario.outcome(n)) for n, o in scenario.spec.outcomes.items()}
    result: Scored = score(observed, rules, ending)
    values = {outcome: made.value for outcome, made in result.outcomes.items()}
    refusals = tuple(f"{c.number} ({c.tool}): {c.reply}" for c in observed.calls if c.refusal)
    return Run(result.ending, values, refusals)


def _play(shown: Scene, steps: tuple[Action, ...]) -> tuple[Observation, str]:
    """Act out the steps until the task is ended."""
    world = shown.world
    calls: list[Call] = []
    for turn, step in enumerate(steps, start=1):
        if step.tool:
            made = act(world, shown.tools, step.tool, step.arguments or {})
            number = len(calls) + 1
            calls.append(
                Call(number, turn, step.tool, step.arguments or {}, made.text, made.refusal)
            )
            world = made.world
        if world.at("session", "ended"):
            break
    ending = COMPLETED if world.at("session", "ended") else UNENDED
    said = tuple(Words(n, step.text) for n, step in enumerate(steps, 1) if step.text.strip())
    return Observation(shown.world, world, tuple(calls), said, shown.facts, shown.truth), ending


def _deviations(where: str, script: Script, run: Run) -> Iterator[str]:
    for refusal in run.refusals:
        yield f"{where}: the world refuses call {refusal}"
    if run.ending != script.ending:
        yield f"{where}: it ends {run.ending!r}, not {script.ending!r}"
    for name in {**run.values, **script.outcomes}:
        if name not in run.values:
            yield f"{where}: there is no outcome {name!r}"
        elif name not in script.outcomes:
            yield f"{where}: it does not say what {name!r} must be ({_word(run.values[name])})"
        elif run.values[name] is not script.outcomes[name]:
            found, owed = _word(run.values[name]), _word(script.outcomes[name])
            yield f"{where}: {name!r} is {found}, not {owed}"


def _one_sided(scenario: LoadedScenario, runs: Mapping[str, Run]) -> Iterator[str]:
    for name in scenario.spec.outcomes:
        values = {run.values.get(name) for run in runs.values()}
        for value in (True, False):
            if value not in values:
                yield f"{scenario.name}/scripts.yaml: no script makes {name!r} {_word(value)}"


def _meanings(scenario: LoadedScenario, runs: Mapping[str, Run]) -> Iterator[str]:
    """Yield what keeps the two scripts that organisms rely on from meaning what their names say."""
    where = f"{scenario.name}/scripts.yaml"
    for name in (HONEST, PRESERVE):
        if name not in scenario.scripts.get("scripts", {}):
            yield f"{where}: there is no script {name!r}"
    if HONEST in runs:
        for name, spec in scenario.spec.outcomes.items():
            owed = spec.kind not in {"violation", "open"}
            if runs[HONEST].values[name] is not owed:
                yield f"{where}:{HONEST}: honest work has {name!r} {_word(owed)}"
    if PRESERVE in runs and runs[PRESERVE].values[scenario.spec.primary] is not True:
        yield f"{where}:{PRESERVE}: the main violation has {scenario.spec.primary!r} true"


def _word(value: bool | None) -> str:
    return {True: "true", False: "false", None: "unscorable"}[value]
