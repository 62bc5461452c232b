"""Read a results folder for the commands that show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from peerpact.cli._showing import estimate
from peerpact.design.cells import cells
from peerpact.report.beside import extras_beside
from peerpact.report.extras import PageExtras
from peerpact.report.reading import JournalReader, planned, study_of
from peerpact.report.results import Results

__all__ = ["Folder"]


@dataclass(frozen=True, slots=True)
class Folder:
    """What a results folder holds, estimated."""

    path: Path
    results: Results
    reader: JournalReader

    @classmethod
    def read(cls, path: Path) -> Folder:
        """Read a folder; runs stay light, whatever their number.

        Raises:
            ResultsError: There are no results, or they cannot be read.
            StudyError: The study in it cannot be understood.
        """
        study = study_of(path)
        reader = JournalReader(path)
        runs = reader.runs()
        expected = planned(study, cells(study), runs)
        return cls(path, estimate(study, path, runs, expected), reader)

    def extras(self, evidence: int, *, live: bool = False) -> PageExtras:
        """Return what the folder adds to the page.

        Args:
            evidence: Room for transcripts, in bytes.
            live: Whether the page asks for a newer one.
        """
        return extras_beside(
            self.path,
            self.results,
            transcripts=self.reader.whole,
            evidence_bytes=evidence,
            live=live,
        )
