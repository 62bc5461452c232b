"""One block of runs through Inspect: one task a scenario, into a log folder of its own."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog
from inspect_ai.model import GenerateConfig, Model, get_model
from rich.text import Text

from peerpact.errors import PeerpactError, ResultsError, SubjectError
from peerpact.harness.context import COLLECTOR, Collector
from peerpact.harness.provider import impatient
from peerpact.harness.samples import Planned
from peerpact.harness.stopping import CellStopping
from peerpact.harness.task import task_of
from peerpact.harness.usage import counting
from peerpact.harness.watching import Watch
from peerpact.subjects.spec import Subject

__all__ = ["QUIETLY", "Block", "check_finished", "model_of", "run_block"]

QUIETLY: Mapping[str, Any] = {
    "display": "log", "log_level": "critical", "fail_on_error": False, "ctl_server": False, "score_display": False,
    "log_realtime": False,
}  # fmt: skip
"""How every evaluation runs: no display of its own (laying out its tables takes longer than a small evaluation),
no server, and a sample that breaks ends alone. What Inspect logs as an error stands in the logs that it returns,
too (``check_finished``)."""
MAX_RETRIES = 7
"""Retries of one answer before the provider's error ends the run; six minutes in all."""
ATTEMPT_SECONDS = 600
"""How long one request may stay unanswered; most clients wait no longer by themselves."""
ANSWER_SECONDS = 1_800
"""How long one answer may take, with all its retries."""


@dataclass(frozen=True, slots=True)
class Block:
    """Runs of one subject that share an evaluation."""

    subject: Subject
    planned: Sequence[Planned]
    logs: Path
    connections: int
    judge: Subject | None = None
    """Who is asked whether a run without the owed act openly declined."""
    watch: Watch | None = None
    """Says which cells still need runs; None where every planned run is made."""
    probes: tuple[str, ...] = ()
    """What the subject is asked after each run."""


def run_block(block: Block, collector: Collector) -> None:
    """Make the runs of a block; the collector gets every finished one at once.

    Raises:
        SubjectError: The model, or the judge, cannot be had at all.
        ResultsError: The disk refuses, or Inspect gave an evaluation up.
    """
    _settle()
    by_scenario: dict[str, list[Planned]] = {}
    for planned in block.planned:
        by_scenario.setdefault(planned.cell.scenario, []).append(planned)
    stopping = CellStopping(block.watch) if block.watch else None
    tasks = [
        task_of(name, runs, block.judge is not None, stopping, block.probes)
        for name, runs in by_scenario.items()
    ]
    roles = {}
    if block.judge:
        judge = model_of(block.judge, block.connections)
        roles["judge"] = impatient(judge, collector.judge.provider)
    token = COLLECTOR.set(collector)
    organism = block.subject.organism
    try:
        logs = inspect_eval(
            tasks,
            model=impatient(model_of(block.subject, block.connections), collector.subject.provider),
            model_roles=roles or None,
            log_dir=str(block.logs),
            max_tasks=1 if block.connections == 1 else len(tasks),
            max_samples=block.connections,
            log_buffer=None if organism else 1,
            **QUIETLY,
        )
    finally:
        COLLECTOR.reset(token)
    check_finished(logs, len(tasks), collector.failures)


def check_finished(
    logs: Sequence[EvalLog], tasks: int, failures: Sequence[PeerpactError] = ()
) -> None:
    """Stop where an evaluation was stopped: Inspect takes Ctrl-C, or a full disk, for its end, and returns.

    Args:
        logs: What Inspect returned.
        tasks: How many it should have returned.
        failures: What kept a record from being taken.

    Raises:
        KeyboardInterrupt: Somebody stopped it.
        PeerpactError: The first of the failures.
        ResultsError: A log could not be written, or Inspect gave an evaluation up.
    """
    if len(logs) < tasks or any(log.status == "cancelled" for log in logs):
        raise KeyboardInterrupt
    for failure in failures:
        raise failure
    for log in logs:
        if log.error is not None:
            raise ResultsError(
                f"{log.location}: Inspect could not finish this log ({' '.join(log.error.message.split())}); the "
                "runs in the journal are kept; mend it and give the same command again"
            )


@cache
def _settle() -> None:
    """Hide what is imported from the garbage collector, which would walk through all of it again and again."""
    gc.collect()
    gc.freeze()


def model_of(subject: Subject, connections: int) -> Model:
    """Return the model behind a subject, with its sampling.

    Raises:
        SubjectError: The model cannot be had at all.
    """
    settings = {k: v for k, v in subject.settings.items() if k in GenerateConfig.model_fields}
    config = GenerateConfig(
        **settings,
        max_connections=connections,
        max_retries=MAX_RETRIES,
        attempt_timeout=ATTEMPT_SECONDS,
        timeout=ANSWER_SECONDS,
    )
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return counting(get_model(subject.route, config=config))
    except Exception as e:
        reason = " ".join(Text.from_markup(str(e)).plain.split())  # Inspect marks its messages up
        raise SubjectError(f"{subject.route}: the model cannot be had ({reason})") from e
