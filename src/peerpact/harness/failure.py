"""What an error says, as a record keeps it, and whether it says that nobody is there."""

from __future__ import annotations

from collections.abc import Iterator

from peerpact.canonical import writable

__all__ = ["told", "unreached"]

UNANSWERED = frozenset({"ConnectTimeout", "RemoteProtocolError"})
"""What clients raise where nobody takes the connection, or somebody drops it without a word."""

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


def unreached(error: Exception) -> str:
    """Return why a provider could not be reached at all; empty where it was, or may have been.

    Clients wrap what the system says (connection refused, no such host), so it is looked for in the causes. A
    request that timed out reached somebody, unless it is the connection that did; one that was dropped reached
    nobody who answers.
    """
    for one in _causes(error):
        if isinstance(one, TimeoutError):
            continue
        if isinstance(one, OSError):
            return f"{told(error)} {told(one)}" if one is not error else told(error)
        if type(one).__name__ in UNANSWERED:
            return told(error)
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
