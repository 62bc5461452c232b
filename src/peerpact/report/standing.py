"""What stands behind results: the self-test of the instrument, and the registration of the study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from peerpact.design.registration import (
    FILE,
    Departure,
    Registration,
    departures,
    read_registration,
)
from peerpact.explain import Circumstances, load_signature
from peerpact.report.results import ANALYSIS, Results
from peerpact.report.stamp import Stamp, read_stamp
from peerpact.report.wording import say

__all__ = ["Standing", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands behind some results."""

    package: str
    """Version that made them."""
    stamp: Stamp | None = None
    """None where no self-test lies beside them."""
    registration: Registration | None = None
    """None where the study was not registered."""
    departures: tuple[Departure, ...] = ()

    @property
    def circumstances(self) -> Circumstances:
        """What an explanation must know of them."""
        stamp = self.stamp
        certified = stamp is not None and stamp.passed and stamp.package == self.package
        kept = self.registration is not None and not self.departures
        return Circumstances(certified=certified, registered=kept)

    @property
    def where(self) -> str:
        """Name of the registration; empty where there is none."""
        return f"{FILE}, {self.registration.hash}" if self.registration is not None else ""

    def sentences(self) -> Iterator[str]:
        """Say it, one sentence for the self-test, one for the registration, one for every departure."""
        if self.stamp is None:
            yield say("absent/selftest")
        else:
            yield say("stamps/selftest", sentence=self.stamp.sentence(self.package))
        if self.registration is None:
            yield say("absent/departures")
        elif not self.departures:
            yield say("stamps/kept", where=self.where)
        else:
            yield say("stamps/departures", n=len(self.departures), where=self.where)
            yield from map(str, self.departures)


def standing(folder: Path, found: Results) -> Standing:
    """Read what lies beside results.

    Raises:
        ResultsError: A file beside them is broken.
    """
    path = folder / FILE
    registration = read_registration(path) if path.is_file() else None
    departed: tuple[Departure, ...] = ()
    if registration is not None:
        departed = departures(
            registration,
            found.study,
            ANALYSIS,
            found.runs,
            {"signature": load_signature().digest},
        )
    return Standing(found.package, read_stamp(folder), registration, departed)
