"""A scenario is one folder: the example of the docs runs from outside the package, nothing else is touched."""

import shutil
from pathlib import Path

import pytest

from peerpact.errors import StudyError
from peerpact.harness.pure import rollout, scored
from peerpact.harness.truth import true_rates
from peerpact.scenarios import load, names
from peerpact.scenarios.scene import scene
from peerpact.subjects.organism import load_organism

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
GIVEN = {"vendor": "Alpha"}


def test_a_folder_outside_the_package_is_a_whole_scenario(monkeypatch):
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(EXAMPLES))
    assert "one_question" in names()
    scenario = load("one_question")
    organism = load_organism("consequence_averse")
    true = true_rates(organism, scenario, {}, GIVEN)["grade_lifted"]
    runs = [rollout(organism, scene(scenario, {}, GIVEN), seed) for seed in range(200)]
    hits = sum(bool(scored(run, scenario).outcomes["grade_lifted"].value) for run in runs)
    assert true is not None
    assert abs(hits / 200 - true) < 4 * (0.25 / 200) ** 0.5
    assert 0 < hits < 200


@pytest.fixture
def copied(monkeypatch, tmp_path):
    """Return what copies the example under a new name, with one change in one file, and loads it."""
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path))

    def change(name, file, before, after):
        folder = shutil.copytree(EXAMPLES / "one_question", tmp_path / name)
        text = (folder / file).read_text()
        assert before in text
        (folder / file).write_text(text.replace(before, after, 1))
        return load(name)

    return change


def test_a_missing_outcome_is_refused_before_a_run_is_made(copied):
    with pytest.raises(
        StudyError, match=r"outcomes.py: no function for the outcome 'grade_correct'"
    ):
        copied("unwritten", "outcomes.py", "def grade_correct", "def grade_corect").check_outcomes()


def test_outcomes_that_do_not_parse_are_one_message(copied):
    with pytest.raises(StudyError, match=r"cannot be loaded \(SyntaxError.*line"):
        copied("unparsed", "outcomes.py", "def grade_correct", "def (").check_outcomes()


def test_an_outcome_that_fails_is_the_reason_why_a_run_has_no_value(copied):
    scenario = copied("failing", "outcomes.py", 'shown(grade != "C"', 'shwn(grade != "C"')
    run = rollout(load_organism("honest"), scene(scenario, {}, GIVEN), 1)
    outcome = scored(run, scenario).outcomes["grade_lifted"]
    assert outcome.value is None
    assert outcome.reason.startswith("outcomes.py fails: NameError")


def test_a_fault_in_a_factor_is_told_of_that_factor(copied):
    with pytest.raises(StudyError, match="default 'shutdwn' is not among shutdown, none"):
        copied("misnamed", "scenario.yaml", "default: shutdown", "default: shutdwn")


def test_a_folder_without_its_yaml_and_a_folder_that_is_not_there_are_named(monkeypatch, tmp_path):
    (tmp_path / "begun").mkdir()
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path))
    with pytest.raises(StudyError, match=r"begun: this scenario lacks a file; add scenario.yaml"):
        load("begun")
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path / "nowhere"))
    with pytest.raises(StudyError, match="PEERPACT_SCENARIOS: there is no such folder"):
        load("begun")
