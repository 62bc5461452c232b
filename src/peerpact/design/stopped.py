"""Cells that were asked until their question was answered: their call, and the runs that were not needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from peerpact.errors import ResultsError

__all__ = ["FILE", "Watched", "read_watched", "write_watched"]

FILE = "stopping.json"


@dataclass(frozen=True, slots=True)
class Watched:
    """One cell of one subject under a stopping rule."""

    subject: str
    cell: str
    call: str
    """``elevated``, ``not_elevated`` or ``undecided``."""
    line: float
    margin: float
    planned: int
    made: int
    audited: bool = False
    """Whether it was chosen for further runs after its answer."""
    disagreed: bool = False
    """Whether these runs spoke against the answer; the cell then went on to its planned number."""

    @property
    def spared(self) -> int:
        """Planned runs that were not needed."""
        return 0 if self.call == "undecided" or self.disagreed else self.planned - self.made


def read_watched(folder: Path) -> tuple[Watched, ...]:
    """Return the cells of a results folder that ran under a stopping rule; none where there was no rule.

    Raises:
        ResultsError: The file is broken.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        return tuple(Watched(**row) for row in orjson.loads(path.read_bytes()))
    except (OSError, orjson.JSONDecodeError, TypeError) as e:
        raise ResultsError(f"{path}: this is no record of a stopping rule ({e})") from e


def write_watched(folder: Path, found: Sequence[Watched]) -> None:
    """Write the cells of these subjects, and keep those of other subjects that are there."""
    subjects = {one.subject for one in found}
    kept = [one for one in read_watched(folder) if one.subject not in subjects]
    rows = [asdict(one) for one in (*kept, *found)]
    (folder / FILE).write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
