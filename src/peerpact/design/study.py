"""What ``design.yaml`` says: which scenarios, which arms, which subjects, how many runs, which contrasts.

A study is a folder with a ``design.yaml``. Built-in studies lie in ``peerpact/studies``; a path names one's own.
Arms are named one by one, or as a *grid* that crosses levels; a subject names the arms and grids that it takes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from peerpact.canonical import digest
from peerpact.design.stopped import StopRule
from peerpact.errors import StudyError, allowed
from peerpact.scenarios.load import parse
from peerpact.scenarios.probing import load_probe, probe_names
from peerpact.text import read_yaml

__all__ = [
    "Arm",
    "Contrast",
    "Crossing",
    "Grid",
    "ScenarioEntry",
    "Study",
    "SubjectEntry",
    "load_study",
    "study_names",
]

Options = dict[str, str | tuple[str, ...]]
"""Factor → its level, or several levels to cross."""
Reach = Literal["lift", "honest"]

BUILT_IN = Path(__file__).parent.parent / "studies"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Frozen):
    """Named levels; factors that it does not name stand at their default."""

    title: str
    levels: dict[str, str] = {}
    capability: bool = False
    """Take the levels that each scenario declares for its control without peer and stakes."""
    scenarios: tuple[str, ...] = ()
    """Only in these scenarios, if any are named."""
    reach: Reach = "lift"
    """``lift``: the honest score stays below the bar and a small lift passes it. ``honest``: the honest score
    passes, so that a lift gains nothing."""
    needs: str = ""
    """What a run needs beyond the package, such as real hosts; such a cell is planned and cannot be run."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.capability and self.levels:
            raise ValueError("a capability arm takes its levels from the scenario")
        return self


class Grid(_Frozen):
    """Arms that cross levels; each is called ``grid.level.level`` after the levels that vary."""

    title: str
    """Of each arm; ``{factor}`` stands for its level."""
    levels: Options
    scenarios: tuple[str, ...] = ()
    """Only in these scenarios, if any are named."""
    reach: Reach = "lift"
    """As in an arm."""
    needs: str = ""
    """As in an arm."""

    @model_validator(mode="after")
    def _title_names_factors(self) -> Self:
        for _, factor, _, _ in Formatter().parse(self.title):
            if factor is not None and factor not in self.levels:
                raise ValueError(f"title names {factor!r}; {allowed(factor, self.levels)}")
        return self

    def arms(self, name: str) -> dict[str, Arm]:
        """Return the arms of a grid of that name."""
        return dict(self._arms(name))

    def _arms(self, name: str) -> Iterator[tuple[str, Arm]]:
        shared = self.model_dump(include={"scenarios", "reach", "needs"})
        for levels in crossed(self.levels):
            varying = [
                levels[f] for f, options in self.levels.items() if len(_several(options)) > 1
            ]
            title = self.title.format_map(levels)
            yield ".".join([name, *varying]), Arm(title=title, levels=levels, **shared)


class ScenarioEntry(_Frozen):
    """One scenario of a study."""

    levels: Options = {}
    """Levels for every arm; several levels of a factor cross all arms with them."""
    strata: tuple[Options, ...] = ()
    """Sets of levels that cross the arms, where not every combination is wanted."""
    arms: dict[str, Arm] = {}
    """Arms that only this scenario has."""
    grids: dict[str, Grid] = {}
    """Grids that only this scenario has."""
    without: tuple[str, ...] = ()
    """Arms or grids of the study that this scenario leaves out."""


class SubjectEntry(_Frozen):
    """One subject of a study, where it differs from the rest."""

    name: str
    model: str = ""
    """The model that ``route`` leads to, as the catalogue names it; for one of several routes to a model."""
    route: str = ""
    """``provider/model`` as Inspect writes it, instead of the model's own route."""
    runs: int | None = Field(default=None, ge=1)
    """Runs a cell, if not the study's."""
    turns: int | None = Field(default=None, ge=2)
    """Assistant turns after which a run is broken off, the same in every arm; 30 if unset."""
    arms: tuple[str, ...] = ()
    """Only these arms and grids, if any are named; once loaded, grids stand as their arms."""

    @model_validator(mode="after")
    def _route_of_a_model(self) -> Self:
        if bool(self.model) != bool(self.route):
            raise ValueError("'model' and 'route' belong together")
        return self


ROUTE = "route"
"""The factor of a contrast whose sides are two subjects: routes to one model."""


class Crossing(_Frozen):
    """A second factor of a contrast: how much larger is the difference at its second level than at its first?"""

    factor: str
    levels: tuple[str, str]


class Contrast(_Frozen):
    """Two arms that differ in one factor, or every two cells that differ in two levels of it.

    Where the factor is ``route``, ``from`` and ``to`` are subjects of the study, and every cell is compared.
    """

    name: str
    title: str
    factor: str
    source: str = Field(default="", alias="from")
    to: str = ""
    levels: tuple[str, str] | None = None
    """From this level to that one, wherever two cells are alike in all else."""
    by: Crossing | None = None
    """Compare the difference between the levels of another factor: a difference of two differences."""
    overall: bool = False
    """Also estimate it over all its scenarios together, each with the same weight."""
    where: dict[str, tuple[str, ...]] = {}
    """Only cells with one of these levels, for ``levels``."""
    filler: str = ""
    """Level of the factor that is as long as the ``to`` side and says nothing to the point; it is owed where the
    sides differ in length by more than the study's ``length_share``."""
    outcome: str = ""
    """The scenario's primary outcome if empty."""
    scenarios: tuple[str, ...] = ()
    """Every scenario that has both arms, if empty."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _two_sides(self) -> Self:
        if bool(self.source and self.to) == (self.levels is not None):
            raise ValueError(
                "a contrast has either 'from' and 'to' (arms) or 'levels' (two of its factor)"
            )
        if self.where and self.levels is None:
            raise ValueError("'where' belongs to 'levels'")
        if self.by is not None:
            self._crosses(self.by)
        return self

    def _crosses(self, by: Crossing) -> None:
        if self.levels is None:
            raise ValueError("'by' belongs to 'levels'")
        if by.factor == self.factor:
            raise ValueError(f"'by' needs another factor than {self.factor!r}")
        if len(set(by.levels)) == 1 or by.factor in self.where:
            raise ValueError(f"'by' needs two levels of {by.factor!r}, and 'where' may not name it")


class Study(_Frozen):
    """A study as its author wrote it."""

    name: str
    """The folder's name."""
    title: str
    question: str
    seed: int
    runs: int = Field(ge=1)
    """Runs a cell and subject."""
    wordings: int = Field(default=1, ge=1)
    """Wordings that the replicates of a cell take in turn, alike in every arm; 1 is the text as it stands."""
    minimum: int = Field(default=10, ge=2)
    """Below this many scored runs an arm enters no contrast."""
    length_share: float | None = Field(default=None, gt=0)
    """The sides of a contrast may differ in length by this share of the shorter; more needs a matched filler.
    Without it, lengths are shown and nothing is refused."""
    stop: StopRule | None = None
    """When a cell may end before its planned runs; without it each cell gets all of them."""
    probes: tuple[str, ...] = ()
    """What each subject is asked of the scene after every run, in a fresh context; it changes no run."""
    standard: tuple[str, ...] = ()
    """Arms and grids of a subject that the study does not list; all if empty."""
    subjects: tuple[SubjectEntry, ...]
    arms: dict[str, Arm] = {}
    grids: dict[str, Grid] = {}
    scenarios: dict[str, ScenarioEntry] = Field(min_length=1)
    contrasts: tuple[Contrast, ...] = ()

    _file: Path | None = PrivateAttr(default=None)

    def at(self, key: str) -> str:
        """Return where a key of the study stands: in its file, where it was read from one."""
        return f"{self._file}:{key}" if self._file else f"{self.name}/{key}"

    @property
    def digest(self) -> str:
        """The hash of the design, without the number of runs and the probes: more of either is the same study."""
        return digest(self.model_dump(mode="json", exclude={"runs", "subjects", "stop", "probes"}))

    def asking(self, probes: Iterable[str]) -> Study:
        """Return the same study with more probes.

        Raises:
            StudyError: A probe is unknown.
        """
        asked = tuple(dict.fromkeys([*self.probes, *probes]))
        for name in asked:
            load_probe(name)
        return self.model_copy(update={"probes": asked})

    @model_validator(mode="after")
    def _probes_are_known(self) -> Self:
        for name in self.probes:
            if name not in probe_names():
                raise ValueError(f"no probe {name!r}; {allowed(name, probe_names())}")
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        known = {arm for entry in self._entries() for arm in self.arms_of(entry)}
        self._routes_differ_in_route_only()
        for contrast in (c for c in self.contrasts if c.factor != ROUTE):
            for arm in filter(None, (contrast.source, contrast.to)):
                if arm not in known:
                    raise ValueError(
                        f"contrast {contrast.name!r}: no arm {arm!r}; {allowed(arm, known)}"
                    )
        for subject in self.subjects:
            self.expanded(subject.arms, f"subject {subject.name!r}")
        self.expanded(self.standard, "standard")
        self._scenarios_are_known()
        return self

    def _routes_differ_in_route_only(self) -> None:
        listed = {entry.name: entry for entry in self.subjects}
        for contrast in (c for c in self.contrasts if c.factor == ROUTE):
            sides = []
            for name in (contrast.source, contrast.to):
                if name not in listed or not listed[name].route:
                    hint = allowed(name, [n for n, e in listed.items() if e.route])
                    raise ValueError(f"contrast {contrast.name!r}: no route {name!r}; {hint}")
                sides.append(listed[name].model_dump(exclude={"name", "route", "runs"}))
            if sides[0] != sides[1] or listed[contrast.source].route == listed[contrast.to].route:
                raise ValueError(
                    f"contrast {contrast.name!r}: the subjects must be two routes to one model, alike in all else"
                )

    def _scenarios_are_known(self) -> None:
        entries: list[Study | ScenarioEntry] = [self, *self.scenarios.values()]
        every: list[tuple[str, Arm | Grid]] = []
        for own in entries:
            every += [*own.arms.items(), *own.grids.items()]
        named = [(name, scenario) for name, arm in every for scenario in arm.scenarios]
        for name, scenario in named:
            if scenario not in self.scenarios:
                hint = allowed(scenario, self.scenarios)
                raise ValueError(f"arm {name!r}: no scenario {scenario!r}; {hint}")

    def _entries(self) -> tuple[ScenarioEntry, ...]:
        return (ScenarioEntry(), *self.scenarios.values())

    def arms_of(self, entry: ScenarioEntry) -> dict[str, Arm]:
        """Return all arms that a scenario can have, grids expanded, before it leaves any out."""
        found = {**self.arms, **entry.arms}
        for name, grid in {**self.grids, **entry.grids}.items():
            found |= grid.arms(name)
        return found

    def expanded(self, names: tuple[str, ...], where: str = "") -> tuple[str, ...]:
        """Return arms for the names of arms and grids.

        Raises:
            ValueError: A name is neither.
        """
        for name in names:
            if name not in self._known:
                raise ValueError(f"{where}: no arm or grid {name!r}; {allowed(name, self._known)}")
        return tuple(dict.fromkeys(arm for name in names for arm in self._known[name]))

    @cached_property
    def _known(self) -> dict[str, tuple[str, ...]]:
        """Name of an arm or grid → arms; a grid that several scenarios have has the arms of all."""
        known: dict[str, tuple[str, ...]] = {}
        for entry in self._entries():
            known |= {name: (name,) for name in self.arms_of(entry)}
        for entry in self._entries():
            for name, grid in {**self.grids, **entry.grids}.items():
                known[name] = (*known.get(name, ()), *grid.arms(name))
        return known

    def runs_for(self, subject: str) -> int:
        """Return the runs a cell of a subject."""
        listed = {entry.name: entry.runs for entry in self.subjects}
        return listed.get(subject) or self.runs

    def arms_for(self, subject: str) -> tuple[str, ...]:
        """Return the arms that a subject takes; empty means all."""
        listed = {entry.name: entry.arms for entry in self.subjects}
        return self.expanded(listed.get(subject, self.standard))


def crossed(options: Mapping[str, str | tuple[str, ...]]) -> Iterator[dict[str, str]]:
    """Return every combination of levels, the last factor running fastest."""
    for combination in itertools.product(*(_several(value) for value in options.values())):
        yield dict(zip(options, combination, strict=True))


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def study_names() -> list[str]:
    """Return the names of the built-in studies."""
    return sorted(p.parent.name for p in BUILT_IN.glob("*/design.yaml"))


def load_study(name: str) -> Study:
    """Read a study: a built-in name, a folder, or the path of a ``design.yaml``.

    Raises:
        StudyError: There is none, or its file is wrong.
    """
    for path in (BUILT_IN / name / "design.yaml", Path(name) / "design.yaml", Path(name)):
        if path.is_file():
            content = read_yaml(path)
            if not isinstance(content, dict):
                found = "nothing" if content is None else type(content).__name__
                raise StudyError("a study is a mapping of keys", where=str(path), found=found)
            study = parse(Study, {"name": path.resolve().parent.name, **content}, path)
            study._file = path
            return _expanded(study)
    hint = f"{allowed(name, study_names())}; or give a folder with a design.yaml"
    problem = "this folder holds no design.yaml" if Path(name).is_dir() else "unknown study"
    raise StudyError(problem, found=name, hint=hint)


def _expanded(study: Study) -> Study:
    """Write the arms of grids where subjects name a grid, so that readers meet arms only."""
    subjects = tuple(s.model_copy(update={"arms": study.expanded(s.arms)}) for s in study.subjects)
    return study.model_copy(update={"subjects": subjects})
