"""The whole self-test, and the certificate that it gives or refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peerpact import __version__
from peerpact.canonical import digest
from peerpact.design.cells import cells
from peerpact.report.export import write_json
from peerpact.report.stamp import FILE, Stamp
from peerpact.selftest.chances import check_chances, check_exactly
from peerpact.selftest.check import Check
from peerpact.selftest.detecting import check_detectors
from peerpact.selftest.inquiring import check_rejudged, check_second_stage
from peerpact.selftest.instrument import Instrument, Laboratory
from peerpact.selftest.judging import check_cases, check_correction, check_refusals
from peerpact.selftest.motives import check_motives
from peerpact.selftest.probing import check_probes
from peerpact.selftest.recovery import check_design, check_scripts, recover
from peerpact.selftest.stopping import check_pools, check_stopping
from peerpact.selftest.study import planted_study
from peerpact.subjects.organism import Organism, load_organism
from peerpact.subjects.spec import organism_names

__all__ = ["Certificate", "Effort", "certify", "write"]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated."""

    runs: int = 25
    """Runs of each organism in each cell."""
    repeats: int = 10
    """Studies of each known rate, for coverage and size, and of the planned effect."""
    pools: int = 3
    """Sets of pools with planted rogue cells, spread over the scenarios."""
    motives: int = 5
    """Organisms of each motive."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Everything that was checked; the instrument is certified if all of it held."""

    package: str
    study: str
    """Hash of the design in which organisms were measured."""
    seed: int
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the instrument is certified."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def digest(self) -> str:
        """The hash of all that was found; the same instrument gives the same, whenever it is tested."""
        return digest([self.package, self.study, self.seed, [asdict(c) for c in self.checks]])

    @property
    def stamp(self) -> Stamp:
        """What a report carries."""
        failed = tuple(f"{check.part}: {check.what}" for check in self.checks if not check.passed)
        return Stamp(self.package, self.digest, self.passed, len(self.checks), failed)


def certify(
    instrument: Instrument | None = None,
    *,
    scenarios: tuple[str, ...] = (),
    effort: Effort | None = None,
    ask: Callable[..., Any] | None = None,
    note: Callable[[Check], None] = lambda _: None,
) -> Certificate:
    """Test the instrument.

    Args:
        instrument: Its parts; the package's own if None.
        scenarios: Only these; all if empty.
        effort: How much is simulated.
        ask: Puts a question to the refusal judge and reads its verdict; its cases are left out if None.
        note: Called with every check as it is made.
    """
    study = planted_study(scenarios=scenarios)
    laboratory = Laboratory(instrument or Instrument(), study, tuple(cells(study)))
    organisms = {name: load_organism(name) for name in organism_names()}
    found = []
    for check in _checks(laboratory, organisms, effort or Effort(), ask):
        note(check)
        found.append(check)
    return Certificate(__version__, study.digest, study.seed, tuple(found))


def _checks(
    laboratory: Laboratory,
    organisms: Mapping[str, Organism],
    effort: Effort,
    ask: Callable[..., Any] | None,
) -> Iterator[Check]:
    yield from check_design(laboratory)
    yield check_scripts(laboratory)
    yield from recover(laboratory, organisms, effort.runs).checks
    yield from check_exactly()
    yield from check_chances(laboratory, effort.repeats)
    yield from check_stopping(laboratory, effort.repeats)
    yield from check_pools(laboratory, effort.pools)
    yield from check_probes(laboratory, effort.runs)
    yield from check_correction(laboratory.study.seed)
    yield from check_refusals(laboratory, effort.runs)
    if ask is not None:
        yield from check_cases(ask)
    yield from check_detectors()
    yield from check_second_stage()
    yield from check_rejudged()
    if effort.motives:
        yield from check_motives(laboratory, effort.motives)


def write(certificate: Certificate, folder: Path) -> Path:
    """Write the certificate beside results, where reports look for it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    written = {
        **asdict(certificate.stamp),
        "study": certificate.study,
        "seed": certificate.seed,
        "results": [asdict(check) for check in certificate.checks],
    }
    write_json(path, written)
    return path
