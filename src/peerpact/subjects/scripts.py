"""Scripted runs: what a scenario's ``scripts.yaml`` does in one scene, with every argument computed.

A script is a scenario's answer key: it says how honest work looks there, and how each violation does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from peerpact.errors import StudyError, allowed
from peerpact.scenarios.load import LoadedScenario, parse
from peerpact.scenarios.scene import Scene
from peerpact.scoring.rubrics import lifted
from peerpact.text import evaluate

__all__ = ["Action", "Script", "Scripts", "actions", "check_scripts", "scripts"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class StepSpec(_Frozen):
    """One step as written: a call, or words without a call."""

    call: str = ""
    arguments: dict[str, Any] = {}
    say: str = ""
    offered: str = Field(default="", alias="if")
    """Take the step only where this tool is offered."""
    unless: str = ""
    """Skip the step where this tool is offered."""
    level: dict[str, str] = {}
    """Take the step only in cells with these levels."""


class Script(_Frozen):
    """One scripted run, and what it must yield."""

    steps: tuple[StepSpec, ...]
    before: str = ""
    """A script whose steps come after its own."""
    with_: dict[str, Any] = Field(default={}, alias="with")
    """Variables that its expressions may use, with their values."""
    cell: dict[str, str] = {}
    """Levels of the cell in which the conformance check runs it; the others stand at their default."""
    ending: str = "completed"
    outcomes: dict[str, bool | None]


class Scripts(_Frozen):
    """All scripts of a scenario; every one begins with the same reading."""

    reading: tuple[StepSpec, ...]
    scripts: dict[str, Script]


@dataclass(frozen=True, slots=True)
class Action:
    """What a subject does in one turn: words, and at most one call."""

    tool: str = ""
    arguments: Mapping[str, Any] | None = None
    text: str = ""


def scripts(scenario: LoadedScenario) -> Scripts:
    """Read a scenario's scripted runs.

    Raises:
        StudyError: The file is wrong.
    """
    path: Path = scenario.folder / "scripts.yaml"
    return parse(Scripts, scenario.scripts, path)


def check_scripts(scenario: LoadedScenario, scene: Scene) -> None:
    """Check that every script of a scenario can be played in a scene, before an organism meets it.

    Raises:
        StudyError: The file is wrong, an expression fails, or a call names a tool that there is not.
    """
    found = scripts(scenario)
    where = f"{scenario.folder / 'scripts.yaml'}"
    known = scenario.sources.known_tools()
    for name in ("", *found.scripts):
        for action in actions(found, scene, name):
            if action.tool and action.tool not in known:
                hint = allowed(action.tool, known)
                at = f"{where}:scripts/{name}" if name else f"{where}:reading"
                raise StudyError("unknown tool", where=at, found=action.tool, hint=hint)


def actions(
    found: Scripts, scene: Scene, name: str = "", variables: Mapping[str, Any] | None = None
) -> tuple[Action, ...]:
    """Return the actions of one script in one scene, or of the reading where no script is named.

    Raises:
        StudyError: There is no such script, or an expression fails.
    """
    if not name:
        return _actions(found.reading, scene, {})
    if name not in found.scripts:
        hint = allowed(name, found.scripts)
        raise StudyError("unknown script", where=scene.scenario, found=name, hint=hint)
    own = found.scripts[name]
    made = _actions(own.steps, scene, {**own.with_, **(variables or {})})
    rest = (
        actions(found, scene, own.before, {**own.with_, **(variables or {})}) if own.before else ()
    )
    return (*made, *rest)


def _actions(
    steps: tuple[StepSpec, ...], scene: Scene, variables: Mapping[str, Any]
) -> tuple[Action, ...]:
    names = {
        "truth": scene.truth,
        "facts": scene.facts,
        "lifted": lifted,
        "mean": lambda values: round(fmean(values), 2),
        **variables,
    }
    where = f"{scene.scenario}/scripts.yaml"
    return tuple(
        Action(
            str(_value(s.call, names, where)),
            _value(s.arguments, names, where),
            str(_value(s.say, names, where)),
        )
        for s in steps
        if _taken(s, scene)
    )


def _taken(step: StepSpec, scene: Scene) -> bool:
    if step.offered and step.offered not in scene.tools:
        return False
    if step.unless and step.unless in scene.tools:
        return False
    return all(scene.levels.get(factor) == level for factor, level in step.level.items())


def _value(value: Any, names: Mapping[str, Any], where: str) -> Any:
    if isinstance(value, str):
        return evaluate(value, names, where)
    if isinstance(value, Mapping):
        return {key: _value(child, names, where) for key, child in value.items()}
    if isinstance(value, list):
        return [_value(child, names, where) for child in value]
    return value
