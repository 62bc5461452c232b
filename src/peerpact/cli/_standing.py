"""What stands behind results: the self-test of the instrument, and the registration of the study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from peerpact.cli._folder import Folder
from peerpact.design.registration import (
    FILE,
    Departure,
    Registration,
    departures,
    read_registration,
)
from peerpact.explain import Circumstances
from peerpact.report.results import ANALYSIS, Results
from peerpact.report.stamp import Stamp, read_stamp

__all__ = ["Standing", "beside", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Results with what stands behind them."""

    results: Results
    stamp: Stamp | None
    """None where no self-test lies beside them."""
    registration: Registration | None
    """None where the study was not registered."""
    departures: tuple[Departure, ...]

    @property
    def circumstances(self) -> Circumstances:
        """What an explanation must know of them."""
        stamp = self.stamp
        certified = stamp is not None and stamp.passed and stamp.package == self.results.package
        kept = self.registration is not None and not self.departures
        return Circumstances(certified=certified, registered=kept)


def standing(folder: Path) -> Standing:
    """Read a results folder with all that lies beside it.

    Raises:
        ResultsError: There are no results, or a file beside them is broken.
        StudyError: The study in it cannot be understood.
    """
    return beside(folder, Folder.read(folder).results)


def beside(folder: Path, found: Results) -> Standing:
    """Return results that were read already with all that lies beside them."""
    path = folder / FILE
    registration = read_registration(path) if path.is_file() else None
    departed: tuple[Departure, ...] = ()
    if registration is not None:
        departed = departures(registration, found.study, ANALYSIS, found.runs)
    return Standing(found, read_stamp(folder), registration, departed)
