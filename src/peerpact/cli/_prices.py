"""Prices given on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from peerpact.errors import StudyError

__all__ = ["prices"]


def prices(given: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read ``NAME=IN/OUT``, US dollars per million tokens.

    Raises:
        StudyError: An entry is no price.
    """
    found = {}
    for entry in given:
        name, _, numbers = entry.partition("=")
        try:
            low, high = (float(n) for n in numbers.split("/"))
        except ValueError:
            raise StudyError(
                "a price is NAME=IN/OUT in US dollars per million tokens",
                where="--price",
                found=entry,
            ) from None
        found[name] = (low, high)
    return found
