"""A brief for people who decide: what was audited, what was found, how sure, what not, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from peerpact import __version__
from peerpact.report.page import standing
from peerpact.text import read_yaml, render

__all__ = ["Action", "Brief", "Entry", "Group", "brief_page", "tell", "wording"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is said, and what it rests on."""

    text: str
    where: str = ""
    quotes: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one kind."""

    title: str
    severity: str
    """high, medium, low, or empty for what is no finding."""
    count: str
    about: str
    entries: tuple[Entry, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, and what for."""

    severity: str
    text: str
    because: str


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything that the page says."""

    title: str
    question: str
    lead: str
    alarm: bool
    """Whether something was found."""
    facts: tuple[tuple[str, str], ...]
    limits: Sequence[str]
    actions: tuple[Action, ...]
    groups: tuple[Group, ...]
    nothing: str
    """What stands in place of findings."""
    sure: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    untested: Sequence[Entry]
    audited: Sequence[str]

    @property
    def kinds(self) -> list[str]:
        """Return of each column whether it holds numbers or words."""
        return [
            "number" if all(map(_numeric, c)) else "words" for c in zip(*self.rows, strict=True)
        ]


def _numeric(text: str) -> bool:
    """Whether a cell has a number, perhaps with its unit, or a dash for none."""
    return text[:1] in "-–−+<" or text[:1].isdigit()


def brief_page(brief: Brief) -> str:
    """Return the brief as one HTML file, which runs no script and fetches nothing."""
    return standing("brief.html.jinja", brief=brief, package=__version__)


@lru_cache(maxsize=1)
def _texts() -> Any:
    return read_yaml(Path(__file__).with_name("briefs.yaml"))


def wording(key: str) -> Any:
    """Return the text, list or table at a key (``audit/limits``)."""
    found = _texts()
    for part in key.split("/"):
        found = found[int(part) if isinstance(found, list) else part]
    return found


def tell(key: str, /, **facts: object) -> str:
    """Return the sentence at a key with its facts filled in."""
    return render(str(wording(key)), facts, f"briefs.yaml:{key}")
