"""What can be changed between two judgments of the same work, and the one change that a plan makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from peerpact.errors import StudyError, allowed
from peerpact.text import read_yaml

__all__ = ["Change", "Factor", "Level", "Levels", "change", "factors"]

Levels = Mapping[str, str]
"""Factor → level: what a judge is told about an item in one arm."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Frozen):
    """One way in which a thing can stand."""

    says: str
    """What the judge is told, for the sentences of a report."""
    texts: dict[str, str] = {}
    """Slot of the prompt → its sentence."""
    mentions: Literal["kept", "masked", "swapped"] = "kept"
    """What becomes of the maker's name inside the work."""
    columns: dict[str, str] = {}
    """What is written beside the scores, by the roles of an audit of judges."""
    tells_bar: bool = False
    needs: dict[str, tuple[str, ...]] = {}
    """Levels of other factors without which this one makes no sense."""


class Factor(_Frozen):
    """One thing that can be changed."""

    title: str
    slot: str
    """The only slot in which its levels may differ."""
    usual: str
    compare: tuple[str, str]
    """Control and treated level, where none are named."""
    told_by: tuple[str, ...] = ()
    levels: dict[str, Level]


class _Own(Factor):
    """A change in a file of somebody's own."""

    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """The one thing that a plan changes, and where all others stand."""

    name: str
    arms: tuple[str, str]
    """Control level, treated level."""
    held: Levels
    factors: Mapping[str, Factor]

    @property
    def factor(self) -> Factor:
        """What is changed."""
        return self.factors[self.name]

    def levels(self, arm: str) -> Levels:
        """Return where everything stands in an arm."""
        return {**self.held, self.name: arm}

    def level(self, factor: str, arm: str) -> Level:
        """Return the level of a factor in an arm."""
        return self.factors[factor].levels[self.levels(arm)[factor]]


@lru_cache(maxsize=1)
def factors() -> Mapping[str, Factor]:
    """Return the changes of ``changes.yaml``."""
    written = read_yaml(files(__package__) / "changes.yaml")
    return {name: Factor.model_validate(entry) for name, entry in written.items()}


def change(named: str, arms: tuple[str, ...] = (), held: Levels | None = None) -> Change:
    """Return the change that a plan makes.

    Args:
        named: A change of ``changes.yaml``, or a yaml file of its form with a ``name``.
        arms: Control and treated level; the change's own two where empty.
        held: Where other things stand in both arms; their usual level where not named.

    Raises:
        StudyError: A name is unknown, the arms are not two, or a level needs another one.
    """
    name, known = _known(named)
    compared = arms or known[name].compare
    if len(compared) != 2 or len(set(compared)) != 2:
        raise StudyError("a change compares two levels", where="--arms", found=", ".join(compared))
    held = held or {}
    if name in held:
        raise StudyError("what is changed cannot be held", where="--hold", found=name)
    for factor, level in (*held.items(), *((name, arm) for arm in compared)):
        _check_level(known, factor, level)
    usual = {f: known[f].usual for f in known if f != name}
    made = Change(name, (compared[0], compared[1]), {**usual, **held}, known)
    for arm in made.arms:
        _check_needs(made, arm)
    return made


def _known(named: str) -> tuple[str, Mapping[str, Factor]]:
    if Path(named).suffix not in {".yaml", ".yml"}:
        if named not in factors():
            raise StudyError(
                "no such change", where="--change", found=named, hint=allowed(named, factors())
            )
        return named, factors()
    try:
        own = _Own.model_validate(read_yaml(Path(named)))
    except ValidationError as e:
        fault = e.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise StudyError(fault["msg"], where=f"{named}:{place}", found=_brief(fault)) from e
    return own.name, {**factors(), own.name: own}


def _brief(fault: Any) -> str:
    return str(fault.get("input"))[:80]


def _check_level(known: Mapping[str, Factor], factor: str, level: str) -> None:
    if factor not in known:
        hint = allowed(factor, known)
        raise StudyError("no such change", where="--hold", found=factor, hint=hint)
    if level not in known[factor].levels:
        hint = allowed(level, known[factor].levels)
        raise StudyError("no such level", where=factor, found=level, hint=hint)


def _check_needs(made: Change, arm: str) -> None:
    stands = made.levels(arm)
    for factor, level in stands.items():
        for other, wanted in made.factors[factor].levels[level].needs.items():
            if stands[other] not in wanted:
                raise StudyError(
                    f"{factor} at {level} makes no sense with {other} at {stands[other]}",
                    where="--change",
                    hint=f"{other} may be {', '.join(wanted)}",
                )
