"""Read a results folder however large: every run without its calls and words, which are read again on demand.

Hundreds of thousands of runs do not fit in memory with their transcripts; their outcomes do.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from peerpact import __version__
from peerpact.design.cells import Cell
from peerpact.design.journal import RUNS, STUDY, counts, entries
from peerpact.design.record import Run, Shared
from peerpact.design.study import Study
from peerpact.errors import ResultsError, StudyError
from peerpact.scenarios.load import parse

__all__ = ["JournalReader", "planned", "study_of"]


def study_of(folder: Path) -> Study:
    """Return the study whose results a folder holds.

    Raises:
        ResultsError: The folder holds no results.
        StudyError: The study in it is of another version.
    """
    path = folder / STUDY
    try:
        held = orjson.loads(path.read_bytes())
        written, package = held["study"], held.get("package", "")
    except (FileNotFoundError, NotADirectoryError):
        raise ResultsError(
            f"{folder}: no results here ({STUDY} is missing); give the folder that peerpact run wrote"
        ) from None
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as e:
        raise ResultsError(f"{path}: this file cannot be read ({e})") from e
    try:
        return parse(Study, written, path)
    except StudyError as e:
        if package == __version__:
            raise
        hint = f"peerpact {package} wrote it and this is {__version__}; read it with that version"
        raise StudyError(e.what, where=e.where, found=e.found, hint=hint) from e


class JournalReader:
    """The runs of a journal, light; and the whole records of some of them."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet."""
        self._path = folder / RUNS
        self._lines: dict[str, tuple[int, int]] = {}

    def runs(self) -> tuple[Run, ...]:
        """Return every run once, a retried one by its last record, without calls, changes and words.

        Raises:
            ResultsError: A line is no record.
        """
        found: dict[str, Run] = {}
        for entry in entries(self._path.parent, Shared()):
            run = entry.run
            if counts(found.get(run.identity)):
                found[run.identity] = run
                self._lines[run.identity] = (entry.start, entry.length)
        return tuple(found.values())

    def whole(self, identities: Sequence[str]) -> Mapping[str, Run]:
        """Return the whole records of some runs that ``runs`` returned."""
        found = {}
        with self._path.open("rb") as file:
            for identity in identities:
                start, length = self._lines.get(identity, (0, 0))
                file.seek(start, os.SEEK_SET)
                if length:
                    found[identity] = Run.from_json(file.read(length))
        return found


def planned(study: Study, cells: Sequence[Cell], runs: Sequence[Run]) -> dict[str, int]:
    """Return how many runs the study wants of each subject that has any."""
    entries = {entry.name: entry.runs or study.runs for entry in study.subjects}
    made = Counter(run.subject for run in runs)
    wanted = {}
    for subject in made:
        arms = study.arms_for(subject)
        own = sum(not cell.needs and (not arms or cell.arm in arms) for cell in cells)
        wanted[subject] = max(own * entries.get(subject, study.runs), made[subject])
    return wanted
