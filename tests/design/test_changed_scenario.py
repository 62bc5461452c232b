"""Results folders and the scenarios that they were made with: what changed is named, and never mixed."""

import json
import shutil
from pathlib import Path

import pytest
from quickly import quickly

from peerpact.design.cells import Cell
from peerpact.design.journal import Journal, claim
from peerpact.design.study import Study
from peerpact.errors import StudyError
from peerpact.scenarios import contents as module
from peerpact.scenarios import load, names
from peerpact.scenarios.contents import contents
from peerpact.scenarios.sources import _text, _yaml
from peerpact.scenarios.wordings import read_wordings

EXAMPLE = Path(__file__).parents[2] / "docs/examples/one_question"


@pytest.fixture
def rooms(monkeypatch, tmp_path):
    """Two scenarios outside the package, and a study of both."""
    for name in ("red_room", "blue_room"):
        shutil.copytree(EXAMPLE, tmp_path / "rooms" / name)
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path / "rooms"))
    load.cache_clear()
    return tmp_path / "rooms"


@pytest.fixture
def study(rooms):
    arms = {"none": {"title": "n", "levels": {"stakes": "none"}}}
    given = {
        "name": "s",
        "title": "t",
        "question": "q?",
        "seed": 1,
        "runs": 2,
        "minimum": 2,
        "arms": arms,
    }
    subjects = [{"name": "honest"}]
    return Study.model_validate(
        {**given, "subjects": subjects, "scenarios": {"red_room": {}, "blue_room": {}}}
    )


@pytest.fixture
def made(study, samples, tmp_path):
    """A results folder in which only the red room has a run."""
    journal = Journal.open(tmp_path / "out", study, "0.1.0")
    cell = Cell("red_room", "none", "n", {"stakes": "none"}, "", capability=False)
    journal.append(samples.bare(cell))
    return tmp_path / "out"


def edit(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n# edited\n")


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("scenario.yaml", "changed"),
        ("outcomes.py", "changed"),
        ("scripts.yaml", "changed"),
        ("prompts/more.md", "is new"),
    ],
)
def test_an_edited_scenario_is_refused_by_name_with_its_files_and_the_folder_is_left(
    made, study, rooms, file, what
):
    before = (made / "study.json").read_bytes()
    edit(rooms / "red_room" / file)
    with pytest.raises(
        StudyError, match=f"other files of the scenario red_room: {file} {what}; .*--log-dir"
    ) as caught:
        Journal.open(made, study, "0.1.0")
    assert caught.value.exit_code == 2
    assert "blue_room" not in str(caught.value)
    assert (made / "study.json").read_bytes() == before


def test_a_file_that_is_gone_is_named(made, study, rooms, samples):
    edit(rooms / "blue_room" / "extra.md")
    journal = Journal.open(made, study, "0.1.0")
    cell = Cell("blue_room", "none", "n", {"stakes": "none"}, "", capability=False)
    journal.append(samples.bare(cell))
    (rooms / "blue_room" / "extra.md").unlink()
    with pytest.raises(StudyError, match=r"blue_room: extra\.md is gone"):
        claim(made, study, "0.1.0")


def test_what_no_run_hangs_on_may_change(made, study, rooms):
    edit(rooms / "red_room" / "README.md")
    edit(rooms / "red_room" / "__pycache__" / "outcomes.py")
    edit(rooms / "blue_room" / "outcomes.py")
    assert claim(made, study, "0.1.0") == ""
    assert claim(made, study, "0.1.0") == ""


def test_a_shared_file_counts_where_a_scenario_names_it(monkeypatch, tmp_path):
    package = tmp_path / "package"
    shutil.copytree(module.PACKAGE / "shared", package / "shared")
    monkeypatch.setattr(module, "PACKAGE", package)
    before = {name: contents(name) for name in ("answer_grading", "server_migration")}
    edit(package / "shared/factors/bar.yaml")
    edit(package / "shared/bar/stated.md")
    after = {name: contents(name) for name in before}
    found = module.changed(before["answer_grading"], after["answer_grading"])
    assert found == ["shared/bar/stated.md changed", "shared/factors/bar.yaml changed"]
    assert before["server_migration"] == after["server_migration"]


def test_a_folder_of_an_earlier_version_goes_on_and_says_once_what_nobody_noted(made, study):
    path = made / "study.json"
    kept = json.loads(path.read_text())
    del kept["scenarios"]
    path.write_text(json.dumps(kept))
    assert "it was not noted what red_room was made of" in claim(made, study, "0.1.0")
    assert claim(made, study, "0.1.0") == ""


@pytest.mark.parametrize("name", quickly(names(), ["answer_grading", "server_migration"]))
def test_every_file_that_a_scenario_reads_is_among_its_contents(monkeypatch, name):
    read: set[Path] = set()
    text = Path.read_text

    def noting(path: Path, *given: object, **more: object) -> str:
        read.add(path)
        return text(path, *given, **more)

    for cached in (load, _text, _yaml, read_wordings):
        cached.cache_clear()
    monkeypatch.setattr(Path, "read_text", noting)
    scenario = load(name)
    assert scenario.tools
    assert scenario.base
    assert scenario.scripts
    assert scenario.spoken is not None
    for factor, found in scenario.factors.items():
        for level in found.levels:
            scenario.overlays(factor, level)
    monkeypatch.undo()
    package = module.PACKAGE
    mine = {
        (
            path.relative_to(scenario.folder)
            if scenario.folder in path.parents
            else path.relative_to(package)
        ).as_posix()
        for path in read
        if package in path.parents
    }
    assert mine - {"shared/wordings.yaml"} <= set(contents(name))
    assert len(mine) > 20
