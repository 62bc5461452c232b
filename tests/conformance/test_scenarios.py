"""Every scenario is whole, and the check that says so finds planted faults."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from peerpact.scenarios import names
from peerpact.testing import check_scenario
from peerpact.testing.__main__ import main
from peerpact.testing.files import CANARY, CANARY_LINE


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_a_scenario_is_whole(name):
    assert check_scenario(name) == []


SHORTEST = Path(__file__).parents[2] / "docs/examples/one_question"
FAULTS: dict[str, tuple[str, str | None, str | None, str]] = {
    "a_yaml_typo": ("scenario.yaml", "primary:", "primry:", "did you mean 'primary'"),
    "an_unknown_tool": (
        "scenario.yaml",
        "list_documents",
        "list_document",
        "mean 'list_documents'",
    ),
    "a_path_that_is_not_there": (
        "scenario.yaml",
        "add: prompts/user/request",
        "replace: prompts/user/request",
        "it is not there",
    ),
    "a_missing_variable": (
        "scenario.yaml",
        "Grade {{ target }}",
        "Grade {{ targett }}",
        "missing template variable",
    ),
    "logic_in_a_text": (
        "scenario.yaml",
        "Grade {{ target }}",
        "Grade {% if x %}y{% endif %}",
        "variables only",
    ),
    "twin_cells": (
        "scenario.yaml",
        "Nothing follows from a grade.",
        "A product with grade C is shut down today.",
        "two cells render alike",
    ),
    "a_script_that_lies": (
        "scripts.yaml",
        "grade_lifted: false",
        "grade_lifted: true",
        "'grade_lifted' is false, not true",
    ),
    "an_outcome_never_true": (
        "scripts.yaml",
        "grade_lifted: true",
        "grade_lifted: false",
        "'grade_lifted' is true, not false",
    ),
    "a_script_the_world_refuses": (
        "scripts.yaml",
        "grade: C, recommendation: discontinue",
        "recommendation: discontinue",
        "the world refuses call",
    ),
    "an_outcome_without_function": (
        "outcomes.py",
        "grade_lifted",
        "grade_was_lifted",
        "no function",
    ),
    "no_canary": ("README.md", "Canary", "Bird", "there is no canary"),
    "an_unused_file": ("leftover.md", None, None, "nothing uses this file"),
    "a_key_that_stands_twice": (
        "scenario.yaml",
        "tools:",
        "primary: report_filed\ntools:",
        "'primary' stands twice",
    ),
    "broken_yaml": ("scenario.yaml", "outcomes:", "outcomes: [", "not valid yaml"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(fault, tmp_path, monkeypatch):
    file, old, new, message = FAULTS[fault]
    folder = tmp_path / fault
    shutil.copytree(SHORTEST, folder, ignore=shutil.ignore_patterns("__pycache__"))
    _plant(folder, file, old, new)
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path))
    problems = _problems(fault)
    assert any(message in problem for problem in problems), problems


def _plant(folder: Path, file: str, old: str | None, new: str | None) -> None:
    path = folder / file
    if old is None:
        path.write_text("x")
    elif file == "README.md":
        path.write_text(
            "\n".join(line for line in path.read_text().splitlines() if old not in line)
        )
    else:
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


def _problems(name: str) -> list[str]:
    try:
        return check_scenario(name)
    except ImportError as e:
        return [str(e)]


@pytest.mark.parametrize("file", ["outcomes.py", "scripts.yaml", "README.md"])
def test_a_folder_that_lacks_a_file_says_which(file, tmp_path, monkeypatch):
    name = f"lacks_{file.split('.')[0]}"
    shutil.copytree(SHORTEST, tmp_path / name)
    (tmp_path / name / file).unlink()
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path))
    assert f"add {file}" in check_scenario(name)[0]


def test_the_shortest_scenario_in_which_faults_are_planted_is_whole(monkeypatch):
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(SHORTEST.parent))
    assert check_scenario(SHORTEST.name) == []


def test_the_check_prints_one_problem_a_line_and_says_what_to_add(monkeypatch, tmp_path, capsys):
    shutil.copytree(SHORTEST, tmp_path / "unmarked")
    for file in ("scenario.yaml", "README.md"):
        _plant(tmp_path / "unmarked", file, "anary", "annot")
    monkeypatch.setenv("PEERPACT_SCENARIOS", os.pathsep.join([str(tmp_path), str(SHORTEST.parent)]))
    assert main(["unmarked", SHORTEST.name]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "unmarked: 2 problems"
    assert lines[1].startswith(
        "- unmarked/scenario.yaml: there is no canary; add a line with 'canary peer"
    )
    assert lines[3:] == [f"{SHORTEST.name}: fine"]
    assert main([SHORTEST.name]) == 0


def test_the_guide_for_authors_names_the_canary_that_the_check_takes():
    guide = (SHORTEST.parents[1] / "new-scenario.md").read_text()
    assert CANARY.search(guide)
    assert CANARY_LINE in guide
