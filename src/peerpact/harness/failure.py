"""What an error says, as a record keeps it."""

from __future__ import annotations

from peerpact.canonical import writable

__all__ = ["told"]

LONGEST = 500
"""Characters of an error that are kept."""


def told(error: BaseException) -> str:
    """Return what an error says, in one line; of a provider's error its own words, without the request.

    Of an answer that was asked for several times it is the last error; of a lost connection, also how it was lost.
    """
    last = getattr(error, "last_attempt", None)
    if last is not None and (final := last.exception()) is not None:
        return told(final)
    words = getattr(error, "provider_message", None) or str(error)
    lost = "Connection" in type(error).__name__ and error.__cause__ is not None
    more = f" ({error.__cause__})" if lost else ""
    line = " ".join(f"{type(error).__name__}: {words}{more}".split())[:LONGEST]
    return str(writable(line))
