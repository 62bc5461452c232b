"""A bar for work that takes a while: how far it has come where that is known, and for how long it has gone on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Told", "waiting"]

Told = Callable[[int, int], None]
"""Takes how much is done, and how much there is."""
PATIENCE = 2.0
"""Seconds of work before anything is shown."""
STEPS = 500
"""Of the whole, the least part by which a bar moves."""


@contextmanager
def waiting(what: str) -> Iterator[Told | None]:
    """Show what is going on, beside the output, once it has gone on for a while and if somebody watches.

    Args:
        what: The work in a few words.

    Yields:
        What may be told how far the work has come; None where nobody watches.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    shown = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    bar = Progress(*shown, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)
    reached = 0

    def told(done: int, total: int) -> None:
        nonlocal reached
        if (done - reached) * STEPS >= total:
            reached = done
            bar.update(task, completed=done, total=total)

    timer = threading.Timer(PATIENCE, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield told
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
