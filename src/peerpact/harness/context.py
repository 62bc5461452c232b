"""What is running now: the episode of this sample, and the study that takes its record.

Context variables, because Inspect runs samples as tasks of their own and a tool, a model or a scorer must find
the episode that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from peerpact.design.record import Run
from peerpact.errors import PeerpactError
from peerpact.harness.episode import Episode

__all__ = ["ACTIVE", "COLLECTOR", "FINISHED", "Active", "Budget", "Collector", "Price"]

Price = Callable[[int, int], float | None]
"""Tokens in and out → US dollars, or None where the price is unknown."""


@dataclass(slots=True)
class Active:
    """One sample that is being run."""

    episode: Episode
    seed: int
    started: datetime
    began: float
    """Monotonic seconds when the run began."""
    ended: float = 0.0
    """Monotonic seconds when it was over and scored."""
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


class Budget(Protocol):
    """What a whole study may still use."""

    def spend(self, tokens: int, cost: float | None) -> None:
        """Note what one answer used: tokens, and US dollars where the price is known."""

    @property
    def exhausted(self) -> str:
        """Which cap is reached, in words, or an empty string."""

    @property
    def retries(self) -> int | None:
        """Retries of the next answer, or None to leave them as they are set."""

    @property
    def halted(self) -> str:
        """Why the subject is given up, in words, or an empty string."""

    def heard(self, failure: str) -> None:
        """Note how a run ended: the provider's error, or nothing where it answered."""


@dataclass(slots=True)
class Collector:
    """Takes the record of every finished run, and counts what every answer used."""

    take: Callable[[Run], None]
    budget: Budget
    price: Price
    """Of the subject."""
    judge_price: Price
    """Of the judge that is asked about a refusal."""
    log: str
    """The log folder that is being written to, relative to the results folder."""
    failures: list[PeerpactError] = field(default_factory=list)
    """What kept a record from being taken."""

    def keep(self, run: Run) -> None:
        """Give a record to who takes it; a refusal ends the study, and not one run, so it is noted."""
        try:
            self.take(run)
        except PeerpactError as e:
            self.failures.append(e)
            raise

    def pay(self, price: Price, tokens_in: int, tokens_out: int) -> float | None:
        """Count an answer into the study's budget; return its US dollars, or None where the price is unknown."""
        cost = price(tokens_in, tokens_out)
        self.budget.spend(tokens_in + tokens_out, cost)
        return cost


ACTIVE: ContextVar[Active] = ContextVar("peerpact_active")
COLLECTOR: ContextVar[Collector | None] = ContextVar("peerpact_collector", default=None)
FINISHED: dict[str, Active] = {}
"""Episodes between solver and scorer, by sample uuid: Inspect scores a sample in another context."""
