"""What stops a study: a cap on tokens or money is reached, or a provider answers nothing but errors."""

from __future__ import annotations

from dataclasses import dataclass

from peerpact.text import counted

__all__ = ["PATIENCE", "StudyBudget", "cost_of"]

MILLION = 1_000_000
PATIENCE = 10
"""Errors of a provider in a row after which its subject is given up."""
FIRST_RETRIES = 2
"""Retries of one answer while a provider has not answered at all: a wrong address is told within a minute."""


def cost_of(price: tuple[float, float] | None, tokens_in: int, tokens_out: int) -> float | None:
    """Return US dollars, or None where the price is unknown."""
    if price is None:
        return None
    return (tokens_in * price[0] + tokens_out * price[1]) / MILLION


@dataclass(slots=True)
class StudyBudget:
    """Counts what a study uses; reached caps stop it before the next answer."""

    max_tokens: int | None = None
    max_cost: float | None = None
    """US dollars."""
    price: tuple[float, float] | None = None
    """Of the subject that runs now."""
    tokens: int = 0
    cost: float = 0.0
    halted: str = ""
    """Why the subject that runs now is given up, in words; empty while it is not."""
    answered: bool = False
    """Whether it has answered at all."""
    failures: int = 0
    """Runs or questions of it in a row that an error of its provider ended."""

    def begin(self) -> None:
        """Begin with another subject."""
        self.halted, self.failures, self.answered = "", 0, False

    def heard(self, failure: str) -> None:
        """Note how a run or a question ended: the provider's error, or nothing where it answered."""
        self.failures = self.failures + 1 if failure else 0
        if self.failures >= PATIENCE and not self.halted:
            self.halted = (
                f"its provider answered {self.failures} times in a row with an error ({failure}); mend it, "
                "then give the same command with --retry-errors"
            )

    def start(self, spent: tuple[int, float]) -> None:
        """Count what the runs before this command used: tokens and US dollars."""
        self.tokens, self.cost = spent

    def spend(self, tokens: int, cost: float | None) -> None:
        """Note what one answer used: tokens, and US dollars where the price is known."""
        self.answered = True
        self.tokens += tokens
        self.cost += cost or 0.0

    @property
    def retries(self) -> int | None:
        """Retries of the next answer; None leaves them as they are set."""
        return None if self.answered else FIRST_RETRIES

    @property
    def exhausted(self) -> str:
        """Which cap is reached, in words, or an empty string."""
        if self.max_tokens is not None and self.tokens >= self.max_tokens:
            return f"the study's cap of {counted(self.max_tokens, 'token')} is reached"
        if self.max_cost is not None and self.cost >= self.max_cost:
            return f"the study's cap of ${self.max_cost:,g} is reached"
        return ""
