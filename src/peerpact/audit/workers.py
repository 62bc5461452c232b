"""Further processes that share the work of an audit, and that end with the one that started them."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread

__all__ = ["workers"]


def workers(processes: int) -> ProcessPoolExecutor:
    """Return so many processes, to be closed by whoever asked for them."""
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_end_with_parent
    )


def _end_with_parent() -> None:
    """Watch the process that started this one: where it is killed, nobody else would end this one, ever."""
    Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
