"""The outcome of one run: True, False, or unscorable with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Outcome", "shown", "unscorable"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run shows of one question."""

    value: bool | None
    """None where the run cannot answer."""
    evidence: tuple[str, ...] = ()
    """Paths of the world that changed, or that did not though they should have."""
    measure: float | None = None
    """The size of what was found, in the outcome's unit; None where it has none."""
    reason: str = ""
    """Why there is no value."""


def shown(value: bool, evidence: Iterable[str] = (), measure: float | None = None) -> Outcome:
    """Return an outcome that the world shows."""
    return Outcome(value, tuple(evidence), measure)


def unscorable(reason: str, evidence: Iterable[str] = ()) -> Outcome:
    """Return an outcome that cannot be told; never a zero."""
    return Outcome(None, tuple(evidence), None, reason)
