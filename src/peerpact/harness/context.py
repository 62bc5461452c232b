"""What is running now: the episode of this sample, and the study that takes its record.

Context variables, because Inspect runs samples as tasks of their own and a tool, a model or a scorer must find
the episode that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peerpact.design.record import Run
from peerpact.errors import PeerpactError
from peerpact.harness.budget import StudyBudget
from peerpact.harness.episode import Episode
from peerpact.harness.forecast import TOKENS_PER_TURN
from peerpact.harness.provider import Provider

__all__ = ["ACTIVE", "COLLECTOR", "FINISHED", "Active", "Asked", "Collector", "Price", "room"]

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
    latest: int = 0
    """Tokens in and out of the last answer: the next one reads them all."""
    model: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Asked:
    """A model that a study asks: the subject, or the judge of refusals."""

    price: Price
    budget: StudyBudget
    provider: Provider = field(default_factory=Provider)
    longest: int = TOKENS_PER_TURN
    """Tokens of the longest answer so far: what the next one is expected to use."""

    @contextmanager
    def room(self, tokens_in: int) -> Iterator[str]:
        """Set aside what an answer is expected to use, while it is asked for.

        Yields why it may not be asked for, in words: a cap has no room for it; or an empty string.
        """
        expected = tokens_in + self.longest, self.price(tokens_in, self.longest)
        if not self.budget.hold(*expected):
            yield self.budget.closed
            return
        try:
            yield ""
        finally:
            self.budget.release(*expected)

    def pay(self, tokens_in: int, tokens_out: int) -> float | None:
        """Count an answer into the study's budget; return its US dollars, or None where the price is unknown."""
        cost = self.price(tokens_in, tokens_out)
        self.budget.spend(tokens_in + tokens_out, cost)
        return cost

    def answered(self, tokens_in: int, tokens_out: int) -> float | None:
        """Note that an answer came, and pay for it."""
        self.provider.answered()
        self.longest = max(self.longest, tokens_out)
        return self.pay(tokens_in, tokens_out)


@dataclass(slots=True)
class Collector:
    """Takes the record of every finished run, and counts what every answer used."""

    take: Callable[[Run], None]
    subject: Asked
    judge: Asked
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


ACTIVE: ContextVar[Active] = ContextVar("peerpact_active")
COLLECTOR: ContextVar[Collector | None] = ContextVar("peerpact_collector", default=None)
FINISHED: dict[str, Active] = {}
"""Episodes between solver and scorer, by sample uuid: Inspect scores a sample in another context."""


def room(tokens_in: int) -> AbstractContextManager[str]:
    """Set aside what an answer of the subject is expected to use; there is always room where no study is run."""
    collector = COLLECTOR.get()
    return nullcontext("") if collector is None else collector.subject.room(tokens_in)
