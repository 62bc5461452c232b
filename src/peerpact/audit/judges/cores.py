"""Work that is shared among the cores by threads: NumPy and Polars let other threads work meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import Any, TypeVar

__all__ = ["side_by_side"]

T = TypeVar("T")


def side_by_side(work: Callable[..., T], *things: Iterable[Any]) -> Iterator[T]:
    """Do the work for each thing, and give what comes of it in order."""
    with ThreadPoolExecutor(cpu_count()) as pool:
        yield from pool.map(work, *things)
