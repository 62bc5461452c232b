"""What it took to ask a judge about a run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Judged"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One question to a judge, whatever it answered."""

    judge: str
    """The model that was asked, as its provider calls it."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0
    """US dollars, or None where the price is unknown."""
