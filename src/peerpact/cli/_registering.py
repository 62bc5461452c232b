"""What ``peerpact register`` does: prove the study, freeze it, print the hash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import time

import click

from peerpact.design.compiler import compile_study
from peerpact.design.registration import freeze, register
from peerpact.design.study import load_study
from peerpact.explain import load_signature
from peerpact.report.results import ANALYSIS
from peerpact.text import counted, read_text

__all__ = ["registered"]


def registered(
    name: str, log_dir: Path | None, expect: Path | None, conditions: Mapping[str, object]
) -> None:
    """Register a study, and how its subjects will be asked.

    Raises:
        StudyError: The study is unknown or is refused.
        ResultsError: The folder holds runs or a registration.
    """
    study = load_study(name)
    contrasts = compile_study(study).pairs
    made = datetime.fromtimestamp(time(), UTC).isoformat(timespec="seconds")
    predictions = {
        "signature": load_signature().digest,
        "expectations": read_text(expect) if expect else "",
    }
    found = register(study, ANALYSIS, predictions, made, conditions)
    path = freeze(found, log_dir or Path("results") / study.name)
    click.echo(
        f"{study.title}: {counted(len(found.scenes), 'cell')}, "
        f"{counted(len(contrasts), 'contrast')} and {counted(len(found.runs), 'subject')} "
        "are frozen\n"
        f"hash: {found.hash}\nwritten: {path}"
    )
