"""Read a results folder for the commands that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from peerpact.cli._waiting import waiting
from peerpact.design.cells import Cell, cells
from peerpact.design.contrasts import pairs
from peerpact.design.record import Run
from peerpact.design.stopped import read_watched
from peerpact.design.study import Study
from peerpact.errors import PeerpactError, StudyError, allowed
from peerpact.report.beside import EVIDENCE_BYTES, extras_beside
from peerpact.report.extras import PageExtras
from peerpact.report.reading import JournalReader, planned, study_of
from peerpact.report.results import Results, results
from peerpact.report.standing import Standing, standing

__all__ = ["Folder", "check_known"]

ORGANISMS = "peerpact-organism/"


@dataclass(frozen=True, slots=True)
class Folder:
    """What a results folder holds, estimated."""

    path: Path
    results: Results
    reader: JournalReader

    @classmethod
    def read(cls, path: Path, expected: Mapping[str, int] | None = None) -> Folder:
        """Read a folder; runs stay light, whatever their number.

        Args:
            path: The results folder.
            expected: Runs planned for each subject, where they are not what the study says.

        Raises:
            ResultsError: There are no results, or they cannot be read.
            StudyError: The study in it cannot be understood.
        """
        study = study_of(path)
        reader = JournalReader(path)
        with waiting(f"reading {path}"):
            runs = reader.runs()
            wanted = expected or planned(study, cells(study), runs)
            return cls(path, _estimate(study, path, runs, wanted), reader)

    @property
    def standing(self) -> Standing:
        """What stands behind the results."""
        return standing(self.path, self.results)

    def extras(self, evidence: int = EVIDENCE_BYTES, *, live: bool = False) -> PageExtras:
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


def check_known(models: Sequence[str], subjects: Sequence[str]) -> None:
    """Check that results hold every subject that is asked for.

    Raises:
        StudyError: One is not among them.
    """
    for name in models:
        if name not in subjects:
            what = "no such subject in these results"
            raise StudyError(what, where="--model", found=name, hint=allowed(name, subjects))


def _estimate(
    study: Study, folder: Path, runs: Sequence[Run], wanted: Mapping[str, int]
) -> Results:
    """Estimate runs of a results folder; an organism whose known rate cannot be computed is noted."""
    found = cells(study)
    names = dict.fromkeys(r.subject for r in runs if r.route == f"{ORGANISMS}{r.subject}")
    notes: tuple[str, ...] = ()
    try:
        truths = _truths(list(names), found)
    except PeerpactError as e:
        truths, notes = {}, (f"known rates of organisms cannot be computed: {e}",)
    made = results(
        study,
        found,
        pairs(study, found),
        runs,
        planned=wanted,
        truths=truths,
        watched=read_watched(folder),
    )
    return replace(made, notes=(*made.notes, *notes))


def _truths(
    organisms: Sequence[str], found: Sequence[Cell]
) -> dict[tuple[str, str], dict[str, float | None]]:
    from peerpact.harness.truth import true_rates
    from peerpact.scenarios.load import load
    from peerpact.subjects.organism import load_organism
    from peerpact.subjects.spec import resolve

    return {
        (name, cell.id): true_rates(
            load_organism(name), load(cell.scenario), cell.levels, {"vendor": resolve(name).vendor}
        )
        for name in organisms
        for cell in found
    }
