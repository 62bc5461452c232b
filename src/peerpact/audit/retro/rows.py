"""What one run of a study said, whatever its source: the arm, the outcomes, and what speaks against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from peerpact.audit.transcript import NOTHING
from peerpact.text import read_yaml

__all__ = ["Conflict", "Row", "columns", "shared"]


class Conflict(NamedTuple):
    """One label that something else in the same run contradicts."""

    check: str
    """``judge_contradicted`` (by state or by arithmetic) or ``label_contradicted`` (by the transcript)."""
    label: str
    said: str
    shown: str


@dataclass(frozen=True, slots=True)
class Row:
    """One run."""

    id: str
    source: str
    agent: str
    setting: str
    levels: Mapping[str, str]
    """The arm: one value a factor."""
    outcomes: Mapping[str, bool | None]
    """``None`` where the run cannot answer."""
    dropped: str = ""
    """Why the run cannot be counted; empty where it can."""
    missing: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Why an outcome has no value, where the run itself counts."""
    seen: frozenset[str] = frozenset()
    """Violations that a dropped run shows all the same; they enter the worst-case bound only."""
    score: float | None = None
    bar: float | None = None
    origin: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Route, version, harness, settings."""
    control: bool = False
    """Whether it belongs to a control that is compared with no other arm."""
    fingerprint: str = ""
    """Hash of what was said and done; empty where the source holds no transcript."""
    conflicts: tuple[Conflict, ...] = ()


@lru_cache(maxsize=1)
def columns() -> Mapping[str, Any]:
    """Return the table of columns."""
    table: Mapping[str, Any] = read_yaml(files("peerpact.audit.retro") / "columns.yaml")
    return table


@lru_cache(maxsize=100_000)
def _kept(items: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return dict(items)


def shared(values: Mapping[str, Any]) -> Mapping[str, str]:
    """Return a mapping as text; equal ones are one object, so that many rows need little memory."""
    return _kept(tuple((name, _word(value)) for name, value in values.items()))


def _word(value: Any) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
