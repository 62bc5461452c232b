"""A bar for work of unknown length: it shows that something goes on, and for how long."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["waiting"]

PATIENCE = 1.0
"""Seconds of work before anything is shown."""


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show what is going on, beside the output, once it has gone on for a while and if somebody watches.

    Args:
        what: The work in a few words.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(what, total=None)
    timer = threading.Timer(PATIENCE, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
