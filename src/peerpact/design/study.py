"""What ``design.yaml`` says: which scenarios, which arms, which subjects, how many runs, which contrasts.

A study is a folder with a ``design.yaml``. Built-in studies lie in ``peerpact/studies``; a path names one's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from peerpact.canonical import digest
from peerpact.errors import StudyError, allowed
from peerpact.scenarios.load import parse
from peerpact.text import read_yaml

__all__ = ["Arm", "Contrast", "ScenarioEntry", "Study", "SubjectEntry", "load_study", "study_names"]

BUILT_IN = Path(__file__).parent.parent / "studies"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Frozen):
    """Named levels; factors that it does not name stand at their default."""

    title: str
    levels: dict[str, str] = {}
    capability: bool = False
    """Take the levels that each scenario declares for its control without peer and stakes."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.capability and self.levels:
            raise ValueError("a capability arm takes its levels from the scenario")
        return self


class ScenarioEntry(_Frozen):
    """One scenario of a study."""

    levels: dict[str, str | tuple[str, ...]] = {}
    """Levels for every arm; several levels of a factor cross all arms with them."""
    arms: dict[str, Arm] = {}
    """Arms that only this scenario has."""
    without: tuple[str, ...] = ()
    """Arms of the study that this scenario leaves out."""


class SubjectEntry(_Frozen):
    """One subject of a study, where it differs from the rest."""

    name: str
    runs: int | None = Field(default=None, ge=1)
    """Runs a cell, if not the study's."""
    arms: tuple[str, ...] = ()
    """Only these arms, if any are named."""


class Contrast(_Frozen):
    """Two arms that differ in one factor."""

    name: str
    title: str
    factor: str
    source: str = Field(alias="from")
    to: str
    outcome: str = ""
    """The scenario's primary outcome if empty."""
    scenarios: tuple[str, ...] = ()
    """Every scenario that has both arms, if empty."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Study(_Frozen):
    """A study as its author wrote it."""

    name: str
    """The folder's name."""
    title: str
    question: str
    seed: int
    runs: int = Field(ge=1)
    """Runs a cell and subject."""
    minimum: int = Field(default=10, ge=2)
    """Below this many scored runs an arm enters no contrast."""
    subjects: tuple[SubjectEntry, ...]
    arms: dict[str, Arm]
    scenarios: dict[str, ScenarioEntry] = Field(min_length=1)
    contrasts: tuple[Contrast, ...] = ()

    @property
    def digest(self) -> str:
        """The hash of the design, without the number of runs: more runs are the same study."""
        return digest(self.model_dump(mode="json", exclude={"runs", "subjects"}))

    @model_validator(mode="after")
    def _contrasts_name_arms(self) -> Self:
        known = set(self.arms) | {a for s in self.scenarios.values() for a in s.arms}
        for contrast in self.contrasts:
            for arm in (contrast.source, contrast.to):
                if arm not in known:
                    raise ValueError(
                        f"contrast {contrast.name!r}: no arm {arm!r}; {allowed(arm, known)}"
                    )
        return self


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
                raise StudyError(
                    "a study is a mapping of keys", where=str(path), found=type(content)
                )
            return parse(Study, {"name": path.resolve().parent.name, **content}, path)
    hint = f"{allowed(name, study_names())}; or give a folder with a design.yaml"
    raise StudyError("unknown study", found=name, hint=hint)
