"""Which call did it: a run acted again in its own scene, so that every change has the call that made it.

Verbs are pure, so the same calls in the same scene change the same things. Where they do not (the scenario was
edited since), nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peerpact.canonical import canonical
from peerpact.design.cells import Cell
from peerpact.design.record import Run
from peerpact.errors import PeerpactError, StudyError
from peerpact.scenarios.load import load
from peerpact.scenarios.scene import Scene, scene
from peerpact.subjects.spec import resolve
from peerpact.worlds import act, diff

__all__ = ["Acted", "acted", "scene_of"]


@dataclass(frozen=True, slots=True)
class Acted:
    """A run acted again."""

    calls_by_path: Mapping[str, tuple[int, ...]]
    """Changed path → numbers of the calls that touched it."""

    def call_of(self, evidence: tuple[str, ...]) -> int | None:
        """Return the first call that touched a path of the evidence, or None where none did."""
        found = [
            number
            for path, numbers in self.calls_by_path.items()
            if any(_related(path, wanted) for wanted in evidence)
            for number in numbers
        ]
        return min(found, default=None)


def scene_of(cell: Cell, *names: str, wording: int = 1) -> Scene | None:
    """Return what a subject meets in a cell; None where the scenario can no longer render it.

    Args:
        cell: The cell.
        names: The subject's name and route, the first that resolves counts.
        wording: Number of the wording.
    """
    for name in names:
        try:
            given = {"vendor": resolve(name).vendor}
            return scene(load(cell.scenario), cell.levels, given, wording)
        except StudyError:
            continue
    return None


def acted(run: Run, met: Scene) -> Acted | None:
    """Act a run again; None where the world does not come out as it was recorded."""
    world = met.world
    touched: dict[str, tuple[int, ...]] = {}
    try:
        for call in run.calls:
            if call["refusal"] == "bad_arguments":
                continue
            step = act(world, met.tools, call["tool"], call["arguments"])
            for change in diff(world.tree, step.world.tree):
                touched[change.path] = (*touched.get(change.path, ()), int(call["number"]))
            world = step.world
    except (PeerpactError, KeyError, TypeError, ValueError):
        return None
    again = {c.path: [c.kind, c.before, c.after] for c in diff(met.world.tree, world.tree)}
    if canonical(again) != canonical(_recorded(run)):
        return None
    return Acted(touched)


def _recorded(run: Run) -> dict[str, Any]:
    return {c["path"]: [c["kind"], c["before"], c["after"]] for c in run.changes}


def _related(path: str, wanted: str) -> bool:
    return path == wanted or path.startswith(f"{wanted}/") or wanted.startswith(f"{path}/")
