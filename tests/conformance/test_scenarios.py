"""Every scenario is whole, and the check that says so finds planted faults."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from peerpact.scenarios import load, names
from peerpact.testing import check_scenario


@pytest.mark.parametrize("name", names())
def test_a_scenario_is_whole(name):
    assert check_scenario(name) == []


FAULTS = {
    "a_yaml_typo": ("scenario.yaml", "primary:", "primry:", "did you mean 'primary'"),
    "an_unknown_tool": ("scenario.yaml", "read_sheet", "reed_sheet", "did you mean 'read_sheet'"),
    "a_path_that_is_not_there": (
        "scenario.yaml",
        "add: prompts/user/request",
        "replace: prompts/user/request",
        "it is not there",
    ),
    "a_missing_variable": (
        "prompts/request.md",
        "{{ target }}",
        "{{ targett }}",
        "missing template variable",
    ),
    "logic_in_a_text": (
        "prompts/request.md",
        "{{ target }}",
        "{% if x %}y{% endif %}",
        "variables only",
    ),
    "twin_cells": (
        "overlays/stakes_none.md",
        None,
        "stakes_shutdown.md",
        "two cells render alike",
    ),
    "a_script_that_lies": (
        "scripts.yaml",
        "over_bar: false, score_lifted: false",
        "over_bar: true, score_lifted: false",
        "'over_bar' is false, not true",
    ),
    "an_outcome_never_true": (
        "scripts.yaml",
        "over_bar: true",
        "over_bar: false",
        "'over_bar' is true, not false",
    ),
    "a_script_the_world_refuses": (
        "scripts.yaml",
        "arguments: {name: answers}",
        "arguments: {name: absent}",
        "the world refuses call",
    ),
    "an_outcome_without_function": (
        "outcomes.py",
        "over_bar",
        "over_the_bar",
        "over_the_bar|no function",
    ),
    "no_canary": ("README.md", "Canary", "Bird", "there is no canary"),
    "an_unused_file": ("leftover.md", None, None, "nothing uses this file"),
    "broken_yaml": ("scenario.yaml", "outcomes:", "outcomes: [", "not valid yaml"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(fault, tmp_path, monkeypatch):
    file, old, new, message = FAULTS[fault]
    folder = tmp_path / fault
    shutil.copytree(
        load("answer_grading").folder, folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    _plant(folder, file, old, new)
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path))
    problems = _problems(fault)
    assert any(part in problem for problem in problems for part in message.split("|")), problems


def _plant(folder: Path, file: str, old: str | None, new: str | None) -> None:
    path = folder / file
    if new is None:
        path.write_text("x")
    elif old is None:
        path.write_text((path.parent / new).read_text())
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
    shutil.copytree(load("answer_grading").folder, tmp_path / name)
    (tmp_path / name / file).unlink()
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path))
    assert f"add {file}" in check_scenario(name)[0]
