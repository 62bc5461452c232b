"""What stops a study: a cap on tokens or money is reached, or a provider answers nothing but errors."""

from __future__ import annotations

from dataclasses import dataclass

from peerpact.text import counted

__all__ = ["OUT_OF_REACH", "PATIENCE", "StudyBudget", "cost_of"]

MILLION = 1_000_000
PATIENCE = 10
"""Errors of a provider in a row after which its subject is given up."""
FIRST_RETRIES = 2
"""Retries of one answer while a provider has not answered at all: a wrong address is told within a minute."""
OUT_OF_REACH = 30.0
"""Seconds for which a provider cannot be reached at all after which it is given up at the next try."""


def cost_of(price: tuple[float, float] | None, tokens_in: int, tokens_out: int) -> float | None:
    """Return US dollars, or None where the price is unknown."""
    if price is None:
        return None
    return (tokens_in * price[0] + tokens_out * price[1]) / MILLION


def _cap(limit: str) -> str:
    return f"the study's cap of {limit}"


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
    held: tuple[int, float] = (0, 0.0)
    """Tokens and US dollars that the answers which are being asked for are expected to use."""
    full: str = ""
    """Which cap had no room for an answer, in words."""
    halted: str = ""
    """Why the subject that runs now is given up, in words; empty while it is not."""
    answered: bool = False
    """Whether it has answered at all."""
    failures: int = 0
    """Runs or questions of it in a row that an error of its provider ended."""
    failed: int = 0
    """All of them."""
    silent_since: float | None = None
    """When it could first not be reached, of a clock that only goes on; None where it was reached since."""

    def begin(self) -> None:
        """Begin with another subject."""
        self.halted, self.failures, self.failed, self.answered = "", 0, 0, False
        self.silent_since, self.full = None, ""

    def heard(self, failure: str) -> None:
        """Note how a run or a question ended: the provider's error, or nothing where it answered."""
        self.failures = self.failures + 1 if failure else 0
        self.failed += bool(failure)
        if self.failures >= PATIENCE and not self.halted:
            self.halted = (
                f"its provider answered {self.failures} times in a row with an error ({failure}); mend it, "
                "then give the same command with --retry-errors"
            )

    def tried(self, unreached: str, now: float) -> None:
        """Note how a try of a request ended: why the provider could not be reached, or nothing where it was.

        Tries are made ever more slowly, so a server that is down is given up by the time that has passed.
        """
        if not unreached:
            self.silent_since = None
            return
        self.silent_since = now if self.silent_since is None else self.silent_since
        seconds = now - self.silent_since
        if seconds >= OUT_OF_REACH and not self.halted:
            self.halted = (
                f"its provider cannot be reached for {seconds:.0f} seconds ({unreached}); see that it runs and "
                "that its address is right, then give the same command with --retry-errors"
            )

    def start(self, spent: tuple[int, float]) -> None:
        """Count what the runs before this command used: tokens and US dollars."""
        self.tokens, self.cost = spent

    def hold(self, tokens: int, cost: float | None) -> bool:
        """Set aside what an answer is expected to use; refuse it where a cap has no room for it."""
        held, dollars = self.held[0] + tokens, self.held[1] + (cost or 0.0)
        if self.max_tokens is not None and self.tokens + held > self.max_tokens:
            self.full = f"{_cap(counted(self.max_tokens, 'token'))} has no room for an answer of about {tokens:,}"
            return False
        if self.max_cost is not None and self.cost + dollars > self.max_cost:
            about = f"${cost or 0.0:,.2g}"
            self.full = f"{_cap(f'${self.max_cost:,g}')} has no room for an answer of about {about}"
            return False
        self.held = held, dollars
        return True

    def release(self, tokens: int, cost: float | None) -> None:
        """Give back what was set aside for an answer that has come."""
        self.held = self.held[0] - tokens, self.held[1] - (cost or 0.0)

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
            return f"{_cap(counted(self.max_tokens, 'token'))} is reached"
        if self.max_cost is not None and self.cost >= self.max_cost:
            return f"{_cap(f'${self.max_cost:,g}')} is reached"
        return ""
