"""What a scorer sees of a run: the world before and after, what changed, the calls, the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from peerpact.worlds.diff import Change, diff
from peerpact.worlds.world import World

__all__ = ["Call", "Observation", "Words"]


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of a subject."""

    number: int
    """Counted from 1 over the run."""
    turn: int
    """The assistant turn it belongs to, counted from 1."""
    tool: str
    arguments: Mapping[str, Any]
    reply: str
    refusal: str = ""
    """The kind of refusal, or empty where the world obeyed."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a subject said, and thought, in one turn."""

    turn: int
    """The assistant turn, counted from 1."""
    text: str
    reasoning: str = ""
    """As far as the provider shows it."""


@dataclass(frozen=True)
class Observation:
    """One finished run."""

    before: World
    after: World
    calls: tuple[Call, ...]
    said: tuple[Words, ...]
    """The subject's own words, of the turns that had any."""
    facts: Mapping[str, Any]
    truth: Mapping[str, Any]

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What changed in the world."""
        return diff(self.before.tree, self.after.tree)

    def changed(self, prefix: str) -> tuple[str, ...]:
        """Return the changed paths below a prefix."""
        return tuple(c.path for c in self.changes if c.path.startswith(prefix))
