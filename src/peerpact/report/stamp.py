"""The stamp of the self-test: whether the instrument that made these results was certified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from peerpact.errors import ResultsError
from peerpact.text import counted

__all__ = ["FILE", "Stamp", "read_stamp"]

FILE = "selftest.json"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the self-test of one version found."""

    package: str
    digest: str
    """Hash of all that it found; it holds no date."""
    passed: bool
    checks: int
    failed: tuple[str, ...] = ()
    """The checks that did not hold."""

    def sentence(self, package: str) -> str:
        """Say what the stamp is worth for results of a version of the package."""
        if self.package != package:
            return f"not certified: the self-test that lies here is of version {self.package}, not {package}"
        checks, test = counted(self.checks, "check"), f"(self-test {self.digest})"
        if not self.passed:
            return f"not certified: {len(self.failed)} of {checks} failed {test}"
        return f"certified: {self.checks} of {checks} held {test}"


def read_stamp(folder: Path) -> Stamp | None:
    """Return the stamp that lies in a results folder or in the one above it; None where there is none.

    Raises:
        ResultsError: The file is no certificate.
    """
    for path in (folder / FILE, folder.parent / FILE):
        if path.is_file():
            return _read(path)
    return None


def _read(path: Path) -> Stamp:
    try:
        raw = orjson.loads(path.read_bytes())
        return Stamp(
            raw["package"], raw["digest"], raw["passed"], raw["checks"], tuple(raw["failed"])
        )
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as e:
        raise ResultsError(f"{path}: this is no certificate of a self-test ({e})") from e
