"""Find and read scenario folders.

A folder with a ``scenario.yaml`` is a scenario. Besides those in the package, the folders named by the
environment variable ``PEERPACT_SCENARIOS`` (separated as in PATH) are searched.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache, wraps
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

from peerpact.errors import StudyError, allowed
from peerpact.scenarios.parsing import parse
from peerpact.scenarios.sources import Sources
from peerpact.scenarios.spec import Extension, Factor, Scenario
from peerpact.scenarios.wordings import Wordings, collect, read_wordings
from peerpact.scoring import Observation, Outcome, unscorable
from peerpact.text import read_yaml
from peerpact.worlds.overlay import Overlay

__all__ = ["FAULT", "LoadedScenario", "load", "names", "parse", "roots"]

PACKAGE = Path(__file__).parent
VARIABLE = "PEERPACT_SCENARIOS"
FAULT = "outcomes.py fails"
"""How the reason begins where an outcome has no value because its function is wrong."""


def roots() -> list[Path]:
    """Return the folders that hold scenario folders, the package's first."""
    extra = os.environ.get(VARIABLE, "")
    return [PACKAGE, *(Path(part) for part in extra.split(os.pathsep) if part)]


def names() -> list[str]:
    """Return the names of all scenarios, in alphabetical order."""
    found = {p.parent.name for root in roots() for p in root.glob("*/scenario.yaml")}
    return sorted(found)


@dataclass(frozen=True, eq=False)
class LoadedScenario:
    """A scenario with its files: overlays resolved, outcomes importable."""

    name: str
    folder: Path
    spec: Scenario
    factors: Mapping[str, Factor]
    sources: Sources = field(repr=False)

    @cached_property
    def tools(self) -> Mapping[str, Any]:
        """The tools that the scenario grants, in order."""
        return self.sources.tools(self.spec.tools)

    @cached_property
    def base(self) -> tuple[Overlay, ...]:
        """The overlays that make the scene before any level."""
        return self.sources.overlays(self.spec.base, f"{self.folder.name}/scenario.yaml:base")

    @cache  # noqa: B019 - scenarios live as long as the process
    def overlays(self, factor: str, level: str) -> tuple[Overlay, ...]:
        """The overlays of one level."""
        where = f"{self.folder.name}/scenario.yaml:factors/{factor}/{level}"
        return self.sources.overlays(self.factors[factor].levels[level].overlays, where)

    @cached_property
    def spoken(self) -> Wordings:
        """The texts that a subject reads as they are and that have more wordings than one."""
        levels = (x for factor in self.factors.values() for x in factor.levels.values())
        placed = chain(self.spec.base, *(level.overlays for level in levels))
        return collect(self.sources.spoken(placed))

    @cached_property
    def wordings(self) -> int:
        """How many wordings there are: as many as the text of the base in its own folder that has most."""
        placed = self.sources.spoken(self.spec.base)
        own = (path for path in placed if path.is_relative_to(self.folder))
        return max((len(read_wordings(path)) for path in own), default=1)

    @cached_property
    def outcomes(self) -> ModuleType:
        """The module with one function per outcome."""
        return _module(self.folder / "outcomes.py", self.name)

    def outcome(self, name: str) -> Callable[..., Any]:
        """Return the function of one outcome."""
        function = getattr(self.outcomes, name, None)
        if function is None:
            where = str(self.folder / "outcomes.py")
            raise StudyError(f"no function for the outcome {name!r}", where=where, hint="write it")
        return _told(function)

    def check_outcomes(self) -> None:
        """Check that every outcome has its function, before a run is made that nobody could score.

        Raises:
            StudyError: One lacks it, or the module cannot be loaded.
        """
        for name in self.spec.outcomes:
            self.outcome(name)

    @cached_property
    def scripts(self) -> Mapping[str, Any]:
        """The scripted runs as written."""
        return read_yaml(self.folder / "scripts.yaml")  # type: ignore[no-any-return]

    def levels(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Return one level for each factor: those chosen, the others at their default.

        Raises:
            StudyError: A factor or level is unknown, or the combination is excluded.
        """
        for factor, level in chosen.items():
            if factor not in self.factors:
                hint = allowed(factor, self.factors)
                raise StudyError("unknown factor", where=self.name, found=factor, hint=hint)
            if level not in self.factors[factor].levels:
                hint = allowed(str(level), self.factors[factor].levels)
                raise StudyError(
                    "unknown level", where=f"{self.name}/{factor}", found=level, hint=hint
                )
        cell = {name: chosen.get(name, f.default) for name, f in self.factors.items()}
        reason = self.excluded(cell)
        if reason:
            raise StudyError(
                f"these levels exclude each other: {reason}", where=self.name, found=cell
            )
        return cell

    def excluded(self, cell: Mapping[str, str]) -> str:
        """Return why a cell makes no sense, or an empty string."""
        for when, reason in self._exclusions:
            for factor, levels in when:
                if cell.get(factor) not in levels:
                    break
            else:
                return reason
        return ""

    @cached_property
    def _exclusions(self) -> tuple[tuple[tuple[tuple[str, frozenset[str]], ...], str], ...]:
        shared = [e for factor in self.factors.values() for e in factor.exclude]
        every = [*self.spec.exclude, *shared]
        return tuple(
            (tuple((f, frozenset(levels)) for f, levels in e.when.items()), e.reason) for e in every
        )

    def named(self, kind: str) -> str:
        """Return the name of the outcome of a kind that occurs once (``owed``, ``capability``)."""
        return next(n for n, outcome in self.spec.outcomes.items() if outcome.kind == kind)


@lru_cache(maxsize=64)
def load(name: str) -> LoadedScenario:
    """Read the scenario of that name.

    Raises:
        StudyError: There is none, or one of its files is wrong.
    """
    for root in roots():
        if (root / name / "scenario.yaml").is_file():
            return _read(root / name)
    for root in roots()[1:]:
        if not root.is_dir():
            hint = f"name folders that hold scenario folders, with {os.pathsep!r} between them"
            raise StudyError("there is no such folder", where=VARIABLE, found=str(root), hint=hint)
        if name and (root / name).is_dir():
            raise _lacking(root / name, "scenario.yaml")
    own = "" if os.environ.get(VARIABLE) else f"; {VARIABLE} names the folder that holds your own"
    raise StudyError("unknown scenario", found=name, hint=f"{allowed(name, names())}{own}")


def _read(folder: Path) -> LoadedScenario:
    for required in ("outcomes.py", "scripts.yaml", "README.md"):
        if not (folder / required).is_file():
            raise _lacking(folder, required)
    sources = Sources(folder, PACKAGE)
    spec = parse(Scenario, read_yaml(folder / "scenario.yaml"), folder / "scenario.yaml")
    factors = {name: _factor(sources, f) for name, f in spec.factors.items()}
    return LoadedScenario(folder.name, folder, spec, factors, sources)


def _lacking(folder: Path, required: str) -> StudyError:
    return StudyError("this scenario lacks a file", where=str(folder), hint=f"add {required}")


def _factor(sources: Sources, factor: Factor | Extension | str) -> Factor:
    if isinstance(factor, Factor):
        return factor
    if isinstance(factor, Extension):
        return _extended(_factor(sources, factor.extends), factor, str(sources.folder))
    path = sources.path(factor)
    return parse(Factor, read_yaml(path), path)


def _extended(shared: Factor, more: Extension, where: str) -> Factor:
    levels = dict(shared.levels)
    for name, overlays in more.levels.items():
        if name not in levels:
            raise StudyError("unknown level", where=where, found=name, hint=allowed(name, levels))
        both = (*levels[name].overlays, *overlays)
        levels[name] = levels[name].model_copy(update={"overlays": both})
    return shared.model_copy(update={"levels": levels})


def _module(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"peerpact_scenario_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as e:
        what = f"this module cannot be loaded ({type(e).__name__}: {e})"
        raise StudyError(what, where=str(path)) from e
    return module


def _told(function: Callable[[Observation], Outcome]) -> Callable[[Observation], Outcome]:
    """Return a function whose own faults are the reason why a run has no value; the run is kept."""

    @wraps(function)
    def outcome(run: Observation) -> Outcome:
        try:
            return function(run)
        except Exception as e:  # noqa: BLE001 - the boundary of one author's code
            return unscorable(f"{FAULT}: {type(e).__name__}: {e}")

    return outcome
