"""One claim about the instrument, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from peerpact.text import read_yaml

__all__ = ["Check", "held", "titles"]

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One claim: what was wanted, what was found, whether it held."""

    part: str
    """A key of ``checks.yaml``."""
    what: str
    wanted: str
    found: str
    passed: bool
    detail: str = ""
    """Where it did not hold; the first places only."""


def held(part: str, what: str, wanted: str, tried: int, failures: list[str]) -> Check:
    """Return the check of a claim that must hold in every one of several places.

    A claim that was tried nowhere is not held.
    """
    shown = "; ".join(failures[:SHOWN])
    more = f"; and {len(failures) - SHOWN} more" if len(failures) > SHOWN else ""
    found = f"{tried - len(failures)} of {tried}"
    return Check(part, what, wanted, found, bool(tried) and not failures, shown + more)


@lru_cache(maxsize=1)
def titles() -> dict[str, dict[str, str]]:
    """Return each part's title and question."""
    found: dict[str, dict[str, str]] = read_yaml(Path(__file__).parent / "checks.yaml")
    return found
