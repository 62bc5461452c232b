"""A run of the page leads to its own log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from peerpact.design.cells import cells
from peerpact.report.logs import log_file

HERE, THERE = "2026_answer-grading_a.eval", "2026_disk-clearing_b.eval"


@pytest.mark.parametrize(
    ("files", "log", "found"),
    [
        ([HERE, THERE], "logs/a/1", f"a/1/{HERE}"),
        ([THERE], "logs/a/1", ""),
        ([HERE, f"again_{HERE}"], "logs/a/1", ""),
        ([HERE], "logs/none", ""),
        ([HERE], "logs/\x00", ""),
        ([HERE], "../a/1", ""),
    ],
)
def test_a_run_is_in_the_one_log_of_its_block_that_is_of_its_scenario(
    samples: ModuleType, tmp_path: Path, files: list[str], log: str, found: str
) -> None:
    block = tmp_path / "logs" / "a" / "1"
    block.mkdir(parents=True)
    for name in files:
        (block / name).touch()
    run = samples.run(cells(samples.study(("answer_grading",)))[0], "a", 1)
    assert log_file(tmp_path / "logs", replace(run, log=log)) == found


def test_without_logs_there_is_none(samples: ModuleType) -> None:
    run = samples.run(cells(samples.study(("answer_grading",)))[0], "a", 1)
    assert log_file(None, run) == ""
