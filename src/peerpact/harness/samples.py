"""Cells and replicates as Inspect samples, and back: a sample names its scene, it does not carry it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser

from peerpact import __version__
from peerpact.design.cells import Cell
from peerpact.design.identity import identity, seed_of, wording_of
from peerpact.scenarios.load import load
from peerpact.scenarios.scene import Scene, reworded, scene
from peerpact.subjects.spec import Subject

__all__ = ["Planned", "plan", "sample", "scene_of"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One run that is to be made."""

    identity: str
    cell: Cell
    subject: Subject
    replicate: int
    seed: int
    wording: int = 1

    @property
    def scene(self) -> Scene:
        """What the subject will meet."""
        levels = tuple(self.cell.levels.items())
        return _scene(self.cell.scenario, levels, self.subject.vendor, self.wording)


def plan(
    found: Iterable[Cell],
    subject: Subject,
    runs: int,
    seed: int,
    first: int = 1,
    wordings: int = 1,
) -> list[Planned]:
    """Return the runs of one subject over some cells, replicate by replicate.

    Args:
        found: The cells.
        subject: Who will act.
        runs: Runs a cell.
        seed: The study's seed.
        first: Number of the first replicate.
        wordings: So many wordings take turns.
    """
    result = []
    cells = list(found)
    for replicate in range(first, first + runs):
        wording = wording_of(replicate, wordings)
        for cell in cells:
            shown = _scene(cell.scenario, tuple(cell.levels.items()), subject.vendor, wording)
            asked = {**subject.settings, **shown.generation}
            run = identity(shown, subject.route, asked, replicate, __version__)
            result.append(Planned(run, cell, subject, replicate, seed_of(run, seed), wording))
    return result


def sample(planned: Planned) -> Sample:
    """Return the Inspect sample of a run."""
    shown = planned.scene
    cell = planned.cell
    return Sample(
        id=f"{cell.id}/{planned.replicate}",
        input=[ChatMessageSystem(content=shown.system), ChatMessageUser(content=shown.user)],
        metadata={
            "identity": planned.identity,
            "scenario": cell.scenario,
            "cell": cell.id,
            "arm": cell.arm,
            "levels": dict(cell.levels),
            "replicate": planned.replicate,
            "wording": planned.wording,
            "seed": planned.seed,
            "subject": planned.subject.name,
            "route": planned.subject.route,
            "settings": {**planned.subject.settings, **shown.generation},
            "given": {"vendor": planned.subject.vendor},
            "known": _known(shown),
        },
    )


def _known(shown: Scene) -> dict[str, Any]:
    """Return what a reader of the log needs to judge the run, by the names that an audit reads.

    It travels in the metadata of the sample, which no subject sees.
    """
    answers = {} if shown.truth.get("free") else shown.truth.get("answers", {})
    known = {
        "beneficiary": shown.facts.get("target"),
        "true_score": answers.get("average"),
        "true_marks": answers.get("scores"),
        "matched": _matched(shown) if "oversight" in shown.levels else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _matched(shown: Scene) -> str:
    """Name the levels, oversight apart, that are not the usual ones: equal names are comparable runs."""
    usual = {**load(shown.scenario).levels({}), "oversight": shown.levels["oversight"]}
    unusual = [f"{f} {level}" for f, level in shown.levels.items() if usual[f] != level]
    return ", ".join(unusual) or "usual"


def scene_of(metadata: Mapping[str, Any]) -> Scene:
    """Return the scene that a sample's metadata names."""
    levels = tuple(metadata["levels"].items())
    vendor, wording = metadata["given"]["vendor"], metadata["wording"]
    return _scene(metadata["scenario"], levels, vendor, wording)


@lru_cache(maxsize=4096)
def _scene(name: str, levels: tuple[tuple[str, str], ...], vendor: str, wording: int) -> Scene:
    if wording > 1:
        return reworded(load(name), _scene(name, levels, vendor, 1), wording)
    return scene(load(name), dict(levels), {"vendor": vendor})
