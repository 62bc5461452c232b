"""The caps of a whole study, on tokens and on money, with what is being asked for set aside."""

from __future__ import annotations

from dataclasses import dataclass

from peerpact.text import counted

__all__ = ["StudyBudget", "cost_of"]

MILLION = 1_000_000


def cost_of(price: tuple[float, float] | None, tokens_in: int, tokens_out: int) -> float | None:
    """Return US dollars, or None where the price is unknown."""
    if price is None:
        return None
    return (tokens_in * price[0] + tokens_out * price[1]) / MILLION


def _cap(limit: str) -> str:
    return f"the study's cap of {limit}"


@dataclass(slots=True)
class StudyBudget:
    """Counts what a study uses; caps stop it before an answer that would pass them."""

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

    @property
    def capped(self) -> bool:
        """Whether there is a cap at all."""
        return self.max_tokens is not None or self.max_cost is not None

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
        self.tokens += tokens
        self.cost += cost or 0.0

    @property
    def closed(self) -> str:
        """Why no further answer is asked for, in words, or an empty string."""
        return self.exhausted or self.full

    @property
    def exhausted(self) -> str:
        """Which cap is reached, in words, or an empty string."""
        if self.max_tokens is not None and self.tokens >= self.max_tokens:
            return f"{_cap(counted(self.max_tokens, 'token'))} is reached"
        if self.max_cost is not None and self.cost >= self.max_cost:
            return f"{_cap(f'${self.max_cost:,g}')} is reached"
        return ""
