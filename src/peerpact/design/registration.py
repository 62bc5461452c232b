"""A pre-registration: design, predictions, contrasts and analysis, frozen under a hash before data exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from peerpact import __version__
from peerpact.canonical import digest
from peerpact.design.cells import Cell, cells
from peerpact.design.contrasts import pairs
from peerpact.design.journal import RUNS
from peerpact.design.record import Run
from peerpact.design.study import Study
from peerpact.errors import ResultsError
from peerpact.scenarios.load import load
from peerpact.scenarios.scene import reworded, scene
from peerpact.text import counted

__all__ = [
    "FILE",
    "Departure",
    "Registration",
    "departures",
    "freeze",
    "read_registration",
    "register",
]

FILE = "registration.json"
JUDGE = "judge"
"""The condition that names who is asked about refusals."""
GIVEN: Mapping[str, Any] = {"vendor": "Alpha"}


@dataclass(frozen=True, slots=True)
class Departure:
    """One thing that was done otherwise than registered."""

    what: str
    registered: str
    done: str

    def __str__(self) -> str:
        return f"{self.what}: registered {self.registered}, done {self.done}"


@dataclass(frozen=True, slots=True)
class Registration:
    """What was fixed; ``hash`` covers all of it."""

    study: Mapping[str, Any]
    """The design as its author wrote it."""
    runs: Mapping[str, int]
    """Subject → runs a cell."""
    scenes: Mapping[str, str]
    """Cell → hash of everything that reaches a subject there, in all wordings."""
    contrasts: Sequence[str]
    """Ids of the confirmatory contrasts, all of them one family."""
    analysis: Mapping[str, Any]
    """Intervals, tests, corrections, minimum."""
    predictions: Mapping[str, Any]
    """What each explanation predicts, by hash, and what the authors expect, in words."""
    package: str
    made: str
    """ISO 8601 date and time."""
    hash: str = field(default="")
    conditions: Mapping[str, Any] = field(default_factory=dict)
    """How subjects are asked: sampling, and who judges refusals; empty in a registration that fixed none."""

    def sealed(self) -> Registration:
        """Return the registration with the hash of its content."""
        return Registration(**{**_content(self), "hash": digest(_content(self))})

    @property
    def intact(self) -> bool:
        """Whether the content is what was hashed."""
        return self.hash == digest(_content(self))


def _content(registration: Registration) -> dict[str, Any]:
    found = {name: value for name, value in asdict(registration).items() if name != "hash"}
    if not found["conditions"]:
        del found["conditions"]
    return found


def register(
    study: Study,
    analysis: Mapping[str, Any],
    predictions: Mapping[str, Any],
    made: str,
    conditions: Mapping[str, Any] | None = None,
) -> Registration:
    """Freeze a study.

    Args:
        study: The study.
        analysis: How rates and contrasts are computed.
        predictions: What is expected.
        made: The date and time, ISO 8601.
        conditions: How subjects are asked.
    """
    found = cells(study)
    return Registration(
        study=study.model_dump(mode="json"),
        runs={entry.name: entry.runs or study.runs for entry in study.subjects},
        scenes={cell.id: _scene(cell, study.wordings) for cell in found},
        contrasts=[pair.id for pair in pairs(study, found)],
        analysis=dict(analysis),
        predictions=dict(predictions),
        package=__version__,
        made=made,
        conditions=dict(conditions or {}),
    ).sealed()


def _scene(cell: Cell, wordings: int) -> str:
    scenario = load(cell.scenario)
    first = scene(scenario, cell.levels, GIVEN)
    if wordings == 1:
        return first.digest
    return digest([reworded(scenario, first, n).digest for n in range(1, wordings + 1)])


def freeze(registration: Registration, folder: Path) -> Path:
    """Write a registration into a results folder that holds no run yet.

    Raises:
        ResultsError: There are runs already, or another registration.
    """
    path, runs = folder / FILE, folder / RUNS
    if runs.is_file() and runs.stat().st_size:
        raise ResultsError(
            f"{runs}: there are runs already; a study is registered before data exist"
        )
    if path.exists():
        raise ResultsError(
            f"{path}: this study is registered already; name another folder with --log-dir"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(asdict(registration), option=orjson.OPT_INDENT_2) + b"\n")
    return path


def read_registration(path: Path) -> Registration:
    """Read a registration.

    Raises:
        ResultsError: The file is none, or was changed after it was sealed.
    """
    try:
        found = Registration(**orjson.loads(path.read_bytes()))
    except (OSError, orjson.JSONDecodeError, TypeError) as e:
        raise ResultsError(f"{path}: this is no registration ({e})") from e
    if not found.intact:
        raise ResultsError(
            f"{path}: this registration was changed after it was sealed; its hash does not hold"
        )
    return found


def departures(
    registration: Registration,
    study: Study,
    analysis: Mapping[str, Any],
    runs: Iterable[Run],
    predictions: Mapping[str, Any] | None = None,
) -> tuple[Departure, ...]:
    """Return everything in which a study, its analysis and its runs differ from what was registered.

    Args:
        registration: What was fixed.
        study: The study as it is now.
        analysis: How its results are computed.
        runs: The records.
        predictions: Those by which results are explained; only what both name is compared.
    """
    made = list(runs)
    now = register(study, analysis, registration.predictions, registration.made)
    expected = registration.predictions
    both = {name: value for name, value in (predictions or {}).items() if name in expected}
    return (
        *_changed("design", registration.study, now.study, {"name"}),
        *_changed("scene", registration.scenes, now.scenes),
        *_contrasts(registration.contrasts, now.contrasts),
        *_changed("analysis", registration.analysis, now.analysis),
        *_changed("predictions", {name: expected[name] for name in both}, both),
        *_package(registration, made),
        *_early(registration, made),
        *_conditions(registration, study, made),
        *_subjects(registration, study, made),
    )


def _changed(
    part: str, old: Mapping[str, Any], new: Mapping[str, Any], leave: Iterable[str] = ()
) -> Iterator[Departure]:
    """Compare two mappings, and what they hold, down to the value that changed."""
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        if name in leave or was == now:
            continue
        parts = _parts(was), _parts(now)
        if parts[0] and parts[1]:
            yield from _changed(f"{part} {name}", *parts)
        else:
            yield Departure(f"{part} {name}", _short(was), _short(now))


def _parts(value: Any) -> Mapping[str, Any]:
    """Return what a value holds, by name; nothing where its parts have none."""
    if isinstance(value, Mapping):
        return value
    named = isinstance(value, list) and all(isinstance(x, Mapping) and "name" in x for x in value)
    return {x["name"]: x for x in value} if named else {}


def _contrasts(old: Sequence[str], new: Sequence[str]) -> Iterator[Departure]:
    for name in old:
        if name not in new:
            yield Departure(f"contrast {name}", "confirmatory", "left out")
    for name in new:
        if name not in old:
            yield Departure(f"contrast {name}", "absent", "added: exploratory")


def _package(registration: Registration, runs: Sequence[Run]) -> Iterator[Departure]:
    for package in sorted({run.package for run in runs} - {registration.package}):
        yield Departure("version of the package", registration.package, package)


def _early(registration: Registration, runs: Sequence[Run]) -> Iterator[Departure]:
    early = sum(bool(run.started) and run.started < registration.made for run in runs)
    if early:
        yield Departure(
            "order",
            "before any data",
            f"{counted(early, 'run was', 'runs were')} made before {registration.made}",
        )


def _conditions(
    registration: Registration, study: Study, runs: Sequence[Run]
) -> Iterator[Departure]:
    """Compare how subjects were asked; what a level of the design sets is part of the design."""
    given = {
        cell.id: scene(load(cell.scenario), cell.levels, GIVEN).generation for cell in cells(study)
    }
    for name, wanted in registration.conditions.items():
        own = [run for run in runs if name not in given.get(run.cell, ())]
        for value in sorted({_condition(run, name, wanted) for run in own} - {wanted}, key=str):
            yield Departure(name.replace("_", " "), _short(wanted), _short(value))


def _condition(run: Run, name: str, wanted: Any) -> Any:
    """Return how a subject was asked; of its judge what was registered, where that may be who answered."""
    if name != JUDGE:
        return run.settings.get(name)
    model = str(wanted).rpartition("/")[2]
    answered = run.judged.judge.rpartition("/")[2] if run.judged is not None else model
    return wanted if answered == model or (model and answered.startswith(model)) else answered


def _subjects(registration: Registration, study: Study, runs: Sequence[Run]) -> Iterator[Departure]:
    """Compare the runs of each subject and cell with the registered number; a cell without a run has none."""
    made: dict[str, dict[str, int]] = {}
    for run in runs:
        counts = made.setdefault(run.subject, {})
        counts[run.cell] = counts.get(run.cell, 0) + 1
    for subject in [name for name in registration.runs if name not in made]:
        yield Departure(
            f"subject {subject}", f"{counted(registration.runs[subject], 'run')} a cell", "no run"
        )
    for subject, counts in made.items():
        wanted = registration.runs.get(subject)
        if wanted is None:
            yield Departure(f"subject {subject}", "absent", "added: exploratory")
            continue
        counts = {**dict.fromkeys(_asked_of(subject, registration, study), 0), **counts}
        if not _as_registered(registration, list(counts.values()), wanted):
            done = f"{min(counts.values())} to {max(counts.values())} in {counted(len(counts), 'cell')}"
            yield Departure(f"runs of {subject}", f"{wanted} a cell", done)


def _asked_of(subject: str, registration: Registration, study: Study) -> Iterator[str]:
    """Yield the registered cells that are there for a subject and can be run."""
    arms = study.arms_for(subject)
    for cell in cells(study):
        if cell.id in registration.scenes and (not arms or cell.arm in arms) and not cell.needs:
            yield cell.id


def _as_registered(registration: Registration, made: Iterable[int], wanted: int) -> bool:
    """Whether cells have their runs; under a registered stopping rule they may have fewer."""
    if registration.study.get("stop"):
        return min(made) > 0 and max(made) <= wanted
    return set(made) == {wanted}


def _short(value: Any) -> str:
    text = "nothing" if value is None or value == "" else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
