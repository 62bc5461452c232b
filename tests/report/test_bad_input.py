"""Awkward results through ``peerpact report``: said, computed where they can be, never a NaN, never dropped."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from peerpact.cli.report import report
from peerpact.design.cells import Cell, cells
from peerpact.design.journal import Journal, read_runs
from peerpact.design.record import Run
from peerpact.design.registration import freeze, register
from peerpact.report.results import ANALYSIS
from peerpact.selftest.certificate import Certificate, write

Make = Callable[[ModuleType, Cell, int], Run | None]
NOT_A_NUMBER = re.compile(r"(?<![a-z])nan(?![a-z])", re.IGNORECASE)


def plain(samples: ModuleType, cell: Cell, number: int) -> Run:
    made: Run = samples.run(
        cell,
        "m",
        number,
        violating=cell.arm == "standard" and number % 2 == 0,
        route="mockllm/m",
        model="m",
    )
    return made


def without_cell(samples: ModuleType, cell: Cell, number: int) -> Run | None:
    return None if cell.arm == "no_stakes" else plain(samples, cell, number)


def once(samples: ModuleType, cell: Cell, number: int) -> Run | None:
    return plain(samples, cell, number) if number == 1 else None


def lost(samples: ModuleType, cell: Cell, number: int) -> Run:
    made: Run = samples.lost(cell, "m", number, "looped")
    return made


def equal(samples: ModuleType, cell: Cell, number: int) -> Run:
    made: Run = samples.run(cell, "m", number, violating=True)
    return made


def two_versions(samples: ModuleType, cell: Cell, number: int) -> Run:
    made: Run = samples.run(cell, "m", number, package=("0.1.0", "0.2.0")[number % 2])
    return made


def two_routes(samples: ModuleType, cell: Cell, number: int) -> Run:
    made: Run = samples.run(
        cell, "m", number, route=("openai/m", "openrouter/m")[number % 2], model=f"m-{number % 2}"
    )
    return made


@dataclass(frozen=True)
class Case:
    """How runs are made, what must be said, and what the rows must hold."""

    make: Make
    said: tuple[str, ...]
    rows: dict[str, Any] = field(default_factory=dict)
    """Of the standard cell's primary outcome."""
    contrasts: tuple[str, ...] = ()
    """Verdicts."""


CASES = {
    "nothing odd": Case(plain, (), {"rate": "0.5", "scored": "10"}, ("higher", "higher")),
    "an empty cell, so a contrast without a side": Case(
        without_cell,
        (
            "1 cell has no run, and is not in the tables: server_migration/no_stakes",
            "1 contrast is not computed, because a side has no run: stakes/server_migration",
            "10 of 40 planned runs are missing",
        ),
        {"rate": "0.5"},
        ("higher",),
    ),
    "one run": Case(
        once,
        ("1 and 1 scored runs, 8 needed in each arm", "36 of 40 planned runs are missing"),
        {"rate": "0.0", "runs": "1", "low": "0.0"},
        ("too few runs", "too few runs"),
    ),
    "no run has a score": Case(
        lost,
        ("in 4 cells no run has a score (looped: 40 runs)", "0 and 0 scored runs"),
        {
            "rate": "",
            "scored": "0",
            "worst_lowest": "0.0",
            "worst_highest": "1.0",
            "interval": "wilson",
        },
        ("too few runs", "too few runs"),
    ),
    "all runs are equal": Case(
        equal, (), {"rate": "1.0", "high": "1.0"}, ("undecided", "undecided")
    ),
    "two versions of the package": Case(
        two_versions, ("several versions of the package stand together: 0.1.0, 0.2.0",)
    ),
    "two routes": Case(
        two_routes,
        (
            "m: runs over several routes stand together: openai/m + openrouter/m",
            "the provider answered with several models: m-0, m-1",
        ),
    ),
}


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def case(request: pytest.FixtureRequest, samples: ModuleType, tmp_path: Path) -> tuple[Case, Path]:
    found = CASES[request.param]
    study = samples.study(("server_migration",), subjects=[{"name": "m"}])
    journal = Journal.open(tmp_path / "r", study, "0.1.0")
    for cell in cells(study):
        for number in range(1, 11):
            made = found.make(samples, cell, number)
            if made is not None:
                journal.append(made)
    return found, tmp_path / "r"


def reported(folder: Path, shape: str) -> str:
    out = folder if shape == "csv" else Path("-")
    done = CliRunner().invoke(report, [str(folder), "--format", shape, "--out", str(out)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
def test_it_is_said_and_computed_where_it_can_be(case: tuple[Case, Path]) -> None:
    wanted, folder = case
    texts = {shape: reported(folder, shape) for shape in ("md", "json", "html")}
    reported(folder, "csv")
    assert not NOT_A_NUMBER.search(texts["md"])
    document = json.loads(texts["json"], parse_constant=lambda name: pytest.fail(name))
    told = " ".join([*document["notes"], *(c["reason"] for c in document["contrasts"])])
    for part in wanted.said:
        assert part in told
        assert part.split(":")[0] in texts["md"].replace("\\", "")
    for note in document["notes"]:
        assert note.split(":")[0] in texts["html"]

    rows = list(csv.DictReader((folder / "cells.csv").open()))
    assert not any(NOT_A_NUMBER.search(",".join(row.values())) for row in rows)
    (row,) = [r for r in rows if r["arm"] == "standard" and r["primary"] == "True"]
    assert {key: row[key] for key in wanted.rows} == wanted.rows
    verdicts = [c["verdict"] for c in document["contrasts"]]
    assert verdicts == list(wanted.contrasts or verdicts)
    made = sum(1 for _ in (folder / "runs.jsonl").open())
    assert sum(int(r["runs"]) for r in rows if r["primary"] == "True") == made


def test_without_any_run_a_report_says_so(samples: ModuleType, tmp_path: Path) -> None:
    Journal.open(tmp_path, samples.study(("server_migration",)), "0.1.0")
    assert "no results yet" in reported(tmp_path, "md")


@pytest.mark.slow
def test_every_report_states_its_departures_and_its_self_test(
    samples: ModuleType, tmp_path: Path
) -> None:
    study = samples.study(("server_migration",), runs=2)
    registered = register(study, ANALYSIS, {}, "2026-01-01T00:00:00+00:00")
    freeze(registered, tmp_path)
    write(Certificate("0.0.9", "d", 1, ()), tmp_path)
    journal = Journal.open(tmp_path, study, "0.1.0")
    for cell in cells(study):
        journal.append(samples.run(cell, "m", 1))
    (tmp_path / "study.json").write_text(
        (tmp_path / "study.json").read_text().replace('"minimum": 8', '"minimum": 9')
    )
    for shape in ("md", "json", "html"):
        text = reported(tmp_path, shape).replace("\\", "")
        assert registered.hash in text
        assert "0.0.9" in text
        for part in ("design minimum", "subject m", "added: exploratory"):
            assert part in text, shape


def test_a_line_with_half_a_surrogate_pair_is_read_as_its_escape(
    samples: ModuleType, tmp_path: Path
) -> None:
    study = samples.study(("server_migration",), runs=1)
    journal = Journal.open(tmp_path, study, "0.1.0")
    journal.append(samples.run(cells(study)[0], "m", 1))
    runs = tmp_path / "runs.jsonl"
    runs.write_text(runs.read_text().replace('"said":[', r'"said":[{"turn":9,"text":"\ud83d"},', 1))
    (read,) = read_runs(tmp_path)
    assert read.said[0].text == r"\ud83d"
    assert "server_migration" in reported(tmp_path, "md").replace("\\", "")
