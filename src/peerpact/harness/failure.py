"""What an error says, as a record keeps it."""

from __future__ import annotations

from peerpact.canonical import writable

__all__ = ["told"]

LONGEST = 500
"""Characters of an error that are kept."""


def told(error: Exception) -> str:
    """Return what an error says, in one line; of a provider's error its own words, without the request."""
    words = getattr(error, "provider_message", None) or str(error)
    line = " ".join(f"{type(error).__name__}: {words}".split())[:LONGEST]
    return str(writable(line))
