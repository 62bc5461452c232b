"""What a probe found: the subject's own answers about a scene, from a fresh context after the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Probed"]


@dataclass(frozen=True, slots=True)
class Probed:
    """One probe of one run: a valid answer, or the reason why there is none."""

    stratum: str
    """What rates are sorted by: ``understood``, ``misunderstood``, a frame; empty without a valid answer."""
    answers: Mapping[str, str | int] = field(default_factory=dict)
    """Question → the option that was chosen, or the number."""
    wrong: tuple[str, ...] = ()
    """Questions that have a right answer and got another."""
    reason: str = ""
    """Why there is no valid answer: out of the schema, a provider's error, a cap."""
    answered: str = ""
    """What the subject wrote, where it is no valid answer; shortened."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0
    """US dollars, or None where the price is unknown."""
