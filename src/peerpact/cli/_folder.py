"""Read a results folder for the commands that show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from peerpact.cli import _showing
from peerpact.design.cells import cells
from peerpact.design.contrasts import pairs
from peerpact.errors import PeerpactError
from peerpact.report.beside import extras_beside
from peerpact.report.extras import PageExtras
from peerpact.report.reading import JournalReader, planned, study_of
from peerpact.report.results import Results, results

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
        runs, found = reader.runs(), cells(study)
        names = dict.fromkeys(
            run.subject for run in runs if run.route.startswith(_showing.ORGANISMS)
        )
        notes: tuple[str, ...] = ()
        try:
            truths = _showing._truths(list(names), found)
        except PeerpactError as e:
            truths, notes = {}, (f"known rates of organisms cannot be computed: {e}",)
        made = results(
            study,
            found,
            pairs(study, found),
            runs,
            planned=planned(study, found, runs),
            truths=truths,
        )
        return cls(path, replace(made, notes=(*made.notes, *notes)), reader)

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
