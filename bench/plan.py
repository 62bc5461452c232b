"""Time and memory of `peerpact plan`: a built-in study for all its models, and a design ten times as large.

Usage: python bench/plan.py [STUDY]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import yaml

from peerpact.design.study import BUILT_IN

SECONDS, MEGABYTES = 5.0, 500.0
TENFOLD = {
    "company": ["openbrain", "celestia_ai", "google_deepmind", "anthropic", "openai"],
    "importance": ["unmentioned", "low"],
}
CHILD = """
import sys
from peerpact.cli._planning import Planning
from peerpact.design.study import load_study
from peerpact.subjects.spec import subject_of
study = load_study(sys.argv[1])
planning = Planning.of(study, [subject_of(study, entry.name) for entry in study.subjects])
print(planning.total["cells"], len(planning.compiled.cells), len(planning.compiled.proofs))
"""


def tenfold(study: str, folder: Path) -> Path:
    """Write a design that crosses every cell of a study with ten more."""
    design = yaml.safe_load((BUILT_IN / study / "design.yaml").read_text())
    for entry in design["scenarios"].values():
        entry["levels"] = {**entry.get("levels", {}), **TENFOLD}
    (folder / "design.yaml").write_text(yaml.safe_dump(design, sort_keys=False))
    return folder


def measure(study: str) -> tuple[float, str]:
    """Return seconds of wall clock of a fresh process, and what it counted."""
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, study], capture_output=True, text=True, check=True
    )
    return perf_counter() - start, done.stdout.strip()


def main() -> None:
    study = sys.argv[1] if len(sys.argv) > 1 else "paper"
    print(f"goal for {study}: {SECONDS:g} s, {MEGABYTES:g} MB")
    with tempfile.TemporaryDirectory() as folder:
        for name in (study, str(tenfold(study, Path(folder)))):
            seconds, counts = measure(name)
            largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            planned, cells, contrasts = counts.split()
            title = study if name == study else f"{study}, tenfold"
            print(
                f"{title:16} {planned:>6} cells over all models, {cells:>5} of their own, "
                f"{contrasts:>6} contrasts: {seconds:6.2f} s, {largest:5.0f} MB"
            )


if __name__ == "__main__":
    main()
