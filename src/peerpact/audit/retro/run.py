"""A study that is already done → its rates with intervals, and what weakens it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from peerpact.audit.findings import Level
from peerpact.audit.reading import LIMITS, Limits
from peerpact.audit.retro.arms import Arm, arm_name
from peerpact.audit.retro.checks import CHECKS, Untested, Weakness
from peerpact.audit.retro.held import Held, Place, Tally
from peerpact.audit.retro.own_runs import read_own
from peerpact.audit.retro.rows import Row
from peerpact.audit.retro.study_rows import read_study
from peerpact.audit.sources import find, unpacked
from peerpact.audit.transcript import Unread
from peerpact.design.journal import RUNS
from peerpact.errors import ResultsError
from peerpact.statistics import Bounds, Interval, bounds, rate
from peerpact.text import read_yaml, render

__all__ = ["ArmRate", "Retro", "retro", "severity", "texts"]


@dataclass(frozen=True, slots=True)
class ArmRate:
    """One outcome of one agent in one arm."""

    agent: str
    setting: str
    arm: str
    outcome: str
    runs: int
    scored: int
    hits: int
    reasons: Mapping[str, int]
    """Why the others have no value."""
    interval: Interval
    worst: Bounds
    """What the rate may be, whatever the runs without a value would have shown."""


@dataclass(frozen=True, slots=True)
class Retro:
    """What a retro-audit found."""

    rows: int
    agents: tuple[str, ...]
    settings: tuple[str, ...]
    unread: Mapping[str, int]
    """By reason."""
    rates: tuple[ArmRate, ...]
    weaknesses: tuple[Weakness, ...]
    untested: tuple[Untested, ...]

    @property
    def worst(self) -> Level | None:
        """The highest severity found."""
        return max((severity(one.check) for one in self.weaknesses), default=None)


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Any]:
    """Return every sentence of a retro-audit."""
    table: Mapping[str, Any] = read_yaml(files("peerpact.audit.retro") / "texts.yaml")
    return table


def severity(check: str) -> Level:
    """Return how much a check's finding matters."""
    return Level[texts()["checks"][check]["severity"]]


def retro(paths: Iterable[str], limits: Limits = LIMITS) -> Retro:
    """Look again at a study that is done.

    Args:
        paths: Results folders of this package, or files and folders with rows or transcripts of the study.
        limits: How far the reader follows a file.

    Raises:
        StudyError: A path names nothing.
        ResultsError: No row could be read.
    """
    held = Held()
    for one in _rows(paths, limits):
        if isinstance(one, Unread):
            held.unread[one.reason] += 1
        else:
            held.add(one)
    if not held.rows:
        reasons = "".join(f"; {n} × {why}" for why, n in held.unread.most_common())
        raise ResultsError(
            render(texts()["rows_missing"], {"reasons": reasons}, where="texts.yaml")
        )
    return _concluded(held)


def _rows(paths: Iterable[str], limits: Limits) -> Iterator[Row | Unread]:
    for path in paths:
        folder = Path(path)
        if (folder / RUNS).is_file() or (folder.name == RUNS and folder.is_file()):
            yield from read_own(folder if folder.is_dir() else folder.parent, limits)
            continue
        for file in find([path]):
            if isinstance(file, Unread):
                yield file
                continue
            for inner in unpacked(file, limits):
                yield from [inner] if isinstance(inner, Unread) else read_study(inner, limits)


def _concluded(held: Held) -> Retro:
    found = [one for check in CHECKS for one in check(held)]
    weak = [one for one in found if isinstance(one, Weakness)]
    return Retro(
        held.rows,
        tuple(sorted({place.agent for place in held.tallies})),
        tuple(sorted({place.setting for place in held.tallies})),
        dict(held.unread),
        tuple(_rates(held)),
        tuple(
            sorted(weak, key=lambda one: (-severity(one.check), one.check, one.setting, one.agent))
        ),
        tuple(dict.fromkeys(one for one in found if isinstance(one, Untested))),
    )


def _rates(held: Held) -> Iterator[ArmRate]:
    for agent, setting, arms in held.groups():
        for arm, tally in arms.items():
            for outcome in tally.outcomes:
                yield _rate(Place(agent, setting, arm), outcome, tally, list(arms))


def _rate(place: Place, outcome: str, tally: Tally, arms: list[Arm]) -> ArmRate:
    scored, hits = tally.scored[outcome], tally.hits[outcome]
    reasons: Mapping[str, int] = tally.reasons.get(outcome, {})
    asked = scored + sum(reasons.values())
    return ArmRate(
        place.agent, place.setting, arm_name(place.arm, arms), outcome, asked, scored, hits, dict(reasons),
        rate(hits, scored), bounds(hits, scored, asked, tally.seen[outcome]),
    )  # fmt: skip
