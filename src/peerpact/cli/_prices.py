"""Prices given on the command line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isfinite

from peerpact.errors import StudyError, allowed

__all__ = ["prices"]


def prices(given: Sequence[str], names: Collection[str]) -> dict[str, tuple[float, float]]:
    """Read ``NAME=IN/OUT``, US dollars per million tokens.

    Args:
        given: What the command line says.
        names: Who is asked, and can have a price.

    Raises:
        StudyError: An entry is no price, or nobody of that name is asked.
    """
    found = {}
    for entry in given:
        name, _, numbers = entry.partition("=")
        try:
            low, high = (_dollars(n) for n in numbers.split("/"))
        except ValueError:
            raise StudyError(
                "a price is NAME=IN/OUT in US dollars per million tokens",
                where="--price",
                found=entry,
            ) from None
        if name not in names:
            hint = allowed(name, names)
            raise StudyError(
                "a price of a model that is not asked", where="--price", found=name, hint=hint
            )
        found[name] = (low, high)
    return found


def _dollars(text: str) -> float:
    number = float(text)
    if not isfinite(number) or number < 0:
        raise ValueError(text)
    return number
