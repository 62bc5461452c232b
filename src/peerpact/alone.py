"""One command at a time adds to a results folder: two would make, and pay for, the same runs twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peerpact.errors import ResultsError

__all__ = ["alone"]

LOCK = ".lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other commands from adding to a folder while this one does.

    The system lets go of the lock when this process ends, however it ends. There is none where a file system has
    no locks or the folder cannot be written.

    Raises:
        ResultsError: Another command is adding to the folder.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, blocking=False, fallback_to_soft=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as e:
        raise ResultsError(
            f"{folder}: another command is adding to this results folder; wait until it has ended, or name "
            "another folder"
        ) from e
    except (OSError, NotImplementedError):
        pass  # who writes there says what is wrong
    try:
        yield
    finally:
        lock.release()
