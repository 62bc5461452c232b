"""Runs of one subject in one results folder are made in one way: other settings are named, never mixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from inspect_ai.model import GenerateConfig

from peerpact.design.journal import UNFINISHED, entries
from peerpact.design.record import Shared
from peerpact.errors import StudyError
from peerpact.harness.samples import Planned

__all__ = ["check_alike"]

ASKED = frozenset(GenerateConfig.model_fields) | {"turns"}
"""Settings that a command or a study asks for; a record also holds what a provider told of its own."""


def check_alike(planned: Iterable[Planned], folder: Path) -> None:
    """Check that what a folder holds was made as the planned runs of the same subject and cell will be.

    Raises:
        StudyError: Its runs had other settings, such as another temperature.
    """
    wanted = {
        (p.subject.name, p.cell.scenario, p.cell.arm): {
            **p.subject.settings,
            **p.scene.generation,
        }
        for p in planned
    }
    for entry in entries(folder, Shared()):
        run = entry.run
        asked = wanted.get((run.subject, run.scenario, run.arm))
        if asked is None or run.ending in UNFINISHED:
            continue
        was = {
            name: value for name, value in run.settings.items() if name in ASKED or name in asked
        }
        if was != asked:
            raise StudyError(
                f"the runs of {run.subject} in this folder were made with other settings: {_changed(was, asked)}",
                where=str(folder),
                hint="results are never mixed: name another folder with --log-dir, or give the same settings",
            )


def _changed(was: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    names = sorted(name for name in {*was, *asked} if was.get(name) != asked.get(name))
    return ", ".join(
        f"{name} {was.get(name, 'not given')} → {asked.get(name, 'not given')}" for name in names
    )
