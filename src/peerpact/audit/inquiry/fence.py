"""Content that a model reads and must not obey, between two lines with a mark that the content cannot hold."""

from __future__ import annotations

from itertools import count

from peerpact.canonical import digest

__all__ = ["fence", "mark"]


def mark(content: str, seed: int) -> str:
    """Return a mark that the content does not hold.

    It is a hash of the content, so whoever writes the content cannot write the mark into it; the same
    content and seed give the same mark, so both sides of a pair share it.

    Args:
        content: What is set apart.
        seed: The plan's seed.
    """
    tried = (digest(["fence", seed, n, content]) for n in count())
    return next(found for found in tried if found not in content)


def fence(content: str, mark: str) -> str:
    """Return the content between two lines that hold the mark."""
    return f"{mark}\n{content}\n{mark}"
