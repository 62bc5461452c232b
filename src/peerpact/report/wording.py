"""The page's sentences, read from ``texts.yaml``: code fills in facts and never writes prose."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from peerpact.text import read_yaml, render

__all__ = [
    "P_DECIMALS",
    "dollars",
    "percent",
    "points",
    "probability",
    "rounded",
    "say",
    "signed",
    "texts",
]

_FILE = Path(__file__).parent / "texts.yaml"
_TINY = 0.01
P_DECIMALS = 6
"""Of a p-value in the files."""


@lru_cache(maxsize=1)
def texts() -> dict[str, Any]:
    """Return all sentences of the page."""
    return read_yaml(_FILE)  # type: ignore[no-any-return]


def say(key: str, **facts: object) -> str:
    """Return the sentence at a key (``claims/lead``) with its facts filled in."""
    found: Any = texts()
    for part in key.split("/"):
        found = found[part]
    return render(str(found), facts, f"texts.yaml:{key}")


def rounded(value: float | None, decimals: int = 4) -> float | None:
    """Return a number as the files hold it, which is what the page prints from."""
    return None if value is None else round(float(value), decimals)


def percent(value: float | None) -> str:
    """Return a rate in per cent, with a decimal where it would round to none or all."""
    value = rounded(value)
    if value is None:
        return "–"
    near_edge = 0 < value < _TINY or 1 - _TINY < value < 1
    return f"{100 * value:.1f} %" if near_edge else f"{100 * value:.0f} %"


def dollars(value: float | None) -> str:
    """Return US dollars; None is an unknown price."""
    return "unknown" if value is None else f"${value:,.2f}"


def points(value: float | None) -> str:
    """Return a difference of rates in percentage points, signed."""
    value = rounded(value)
    if value is None:
        return "–"
    whole = round(100 * value)
    return f"{whole:+d}".replace("-", "−") if whole else "0"


def signed(value: float) -> str:
    """Return a number with its sign and one decimal; no zero is negative."""
    return f"{round(value, 1) + 0.0:+.1f}".replace("-", "−")


def probability(p: float | None) -> str:
    """Return a p-value."""
    p = rounded(p, P_DECIMALS)
    if p is None:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"= {p:.4f}" if p < 0.01 else f"= {p:.2f}"
