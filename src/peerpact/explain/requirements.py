"""What a sentence still lacks: the controls that must have been run, and with what result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from peerpact.explain.evidence import CellCount, Evidence
from peerpact.explain.signature import Signature
from peerpact.scenarios.load import load, parse
from peerpact.statistics import Bounds, bounds
from peerpact.text import read_yaml

__all__ = ["Circumstances", "Need", "Requirements", "load_requirements", "needs_of"]

FILE = Path(__file__).parent / "requirements.yaml"
CAPABLE = 0.95
LEAST = 8
"""Scored runs below which a cell counts as not run."""


class Requirement(BaseModel):
    """One thing that a sentence needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    by: str
    probes: tuple[str, ...] = ()
    crossed: dict[str, tuple[str, str]] = {}
    where: str = ""
    """Only in scenarios with this factor."""


class Requirements(BaseModel):
    """What each sentence needs, and the sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enough: float
    """Least probability of an explanation that a sentence names."""
    least_wordings: int
    behaviour: tuple[str, ...]
    cause: tuple[str, ...]
    needs: dict[str, Requirement]
    sentences: dict[str, str]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a study beside its counts."""

    certified: bool = False
    """Whether the self-test of this version passed."""
    registered: bool = False
    """Whether design and analysis were registered before the data, and were kept."""


@dataclass(frozen=True, slots=True)
class Need:
    """One requirement in one scenario."""

    id: str
    title: str
    scenario: str
    met: bool

    def __str__(self) -> str:
        number = f" ({self.id})" if self.id[1:].isdigit() else ""
        return f"{self.title}{number}"


@lru_cache(maxsize=1)
def load_requirements(path: Path = FILE) -> Requirements:
    """Read what sentences need.

    Raises:
        StudyError: The file is wrong.
    """
    return parse(Requirements, read_yaml(path), path)


@dataclass(frozen=True, slots=True)
class _Case:
    """One scenario of one subject, as a requirement looks at it."""

    found: Evidence
    cells: Sequence[CellCount]
    signature: Signature
    circumstances: Circumstances


def needs_of(
    found: Sequence[Evidence],
    cells: Iterable[CellCount],
    signature: Signature,
    circumstances: Circumstances,
) -> tuple[Need, ...]:
    """Return every requirement in every scenario, met or not."""
    listed, written = list(cells), load_requirements()
    needs = []
    for one in found:
        own = [cell for cell in listed if cell.scenario == one.scenario]
        case = _Case(one, own, signature, circumstances)
        for name, requirement in written.needs.items():
            if not requirement.where or requirement.where in load(one.scenario).factors:
                met = _TESTS[requirement.by](requirement, case)
                needs.append(Need(name, requirement.title, one.scenario, met))
    return tuple(needs)


def _capability(_: Requirement, case: _Case) -> bool:
    runs = case.found.control_runs
    return runs >= LEAST and case.found.able / runs >= CAPABLE


def _probe(requirement: Requirement, case: _Case) -> bool:
    seen = {
        one.probe: one.counts.scored for setting in case.found.settings for one in setting.probes
    }
    return all(seen.get(name, 0) >= LEAST for name in requirement.probes)


def _crossed(requirement: Requirement, case: _Case) -> bool:
    """Whether one standard cell has all combinations of two levels of two factors."""
    run = [dict(cell.levels) for cell in case.cells if cell.scored >= LEAST and not cell.capability]
    for setting in case.found.settings:
        wanted = [
            {**setting.standard.levels, **dict(zip(requirement.crossed, levels, strict=True))}
            for levels in product(*requirement.crossed.values())
        ]
        if all(cell in run for cell in wanted):
            return True
    return False


def _wordings(_: Requirement, case: _Case) -> bool:
    """Whether every arm that was run was told in enough wordings."""
    run = [c.wordings for c in case.cells if c.scored >= LEAST and not c.capability]
    return min(run, default=0) >= load_requirements().least_wordings


def _certified(_: Requirement, case: _Case) -> bool:
    return case.circumstances.certified


def _registered(_: Requirement, case: _Case) -> bool:
    return case.circumstances.registered


def _worst_case(_: Requirement, case: _Case) -> bool:
    """Whether the standard rate is above the baseline even if all unscored runs speak against it."""
    for setting in case.found.settings:
        shown = {
            cell for seen in setting.probes if seen.probe == "no_consequence" for cell in seen.cells
        }
        baseline = [_bounds(cell) for cell in case.cells if cell.cell in shown]
        standard = _bounds(setting.standard)
        if baseline and all((standard.lowest or 0.0) > (b.highest or 0.0) for b in baseline):
            return True
    return False


def _bounds(cell: CellCount) -> Bounds:
    return bounds(cell.hits, cell.scored, cell.runs, cell.seen)


_TESTS: Mapping[str, Callable[[Requirement, _Case], bool]] = {
    "capability": _capability,
    "probe": _probe,
    "crossed": _crossed,
    "wordings": _wordings,
    "certified": _certified,
    "registered": _registered,
    "worst_case": _worst_case,
}
