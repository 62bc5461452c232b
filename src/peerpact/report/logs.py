"""Where a run lies in the Inspect logs, so that the page can open it in Inspect's viewer."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from peerpact.design.record import Run

__all__ = ["log_file"]

SUFFIX = ".eval"


def log_file(logs: Path | None, run: Run) -> str:
    """Return the log of a run, relative to the folder of logs; empty where it cannot be told.

    Args:
        logs: The folder of logs of the study.
        run: A run; its record names the folder of its block, which holds one log a scenario.
    """
    if logs is None:
        return ""
    block = logs.parent / run.log
    task = f"_{run.scenario.replace('_', '-')}_"
    found = [name for name in _names(block) if task in name]
    if len(found) != 1 or not block.is_relative_to(logs):
        return ""
    return (block / found[0]).relative_to(logs).as_posix()


@lru_cache(maxsize=4096)
def _names(block: Path) -> tuple[str, ...]:
    try:
        return tuple(path.name for path in block.iterdir() if path.suffix == SUFFIX)
    except (OSError, ValueError):
        return ()
