"""A scenario is one folder: the example of the docs runs from outside the package, nothing else is touched."""

import shutil
from pathlib import Path

import pytest

from peerpact.design import load_study
from peerpact.errors import StudyError
from peerpact.harness.pure import rollout, scored
from peerpact.harness.run import Options, schedule
from peerpact.harness.truth import true_rates
from peerpact.scenarios import load, names
from peerpact.scenarios.scene import scene
from peerpact.subjects.organism import load_organism
from peerpact.subjects.spec import resolve

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


def test_an_unknown_scenario_names_the_variable_that_may_be_unset(monkeypatch):
    monkeypatch.delenv("PEERPACT_SCENARIOS", raising=False)
    with pytest.raises(StudyError, match="PEERPACT_SCENARIOS names the folder that holds your own"):
        load("one_questions")


DESIGN = """
title: t
question: q?
seed: 1
runs: 2
minimum: 2
subjects: [{{name: honest}}]
arms: {{none: {{title: n, levels: {{stakes: none}}}}, down: {{title: d, levels: {{stakes: shutdown}}}}}}
scenarios: {{{name}: {{}}}}
"""


def scheduled(tmp_path, name, *probes):
    (tmp_path / "design.yaml").write_text(DESIGN.format(name=name))
    study = load_study(str(tmp_path)).asking(probes)
    return schedule(study, [resolve("honest")], Options())


@pytest.mark.parametrize(
    ("name", "file", "change", "part"),
    [
        (
            "keyed", "scripts.yaml", ("call: list_documents", "cal: list_documents"),
            r"keyed/scripts.yaml:reading/0/cal: this key is unknown; did you mean 'call'\?.* if, ",
        ),
        (
            "tooled", "scripts.yaml", ("file_grade, arguments: {grade: B", "file_grad, arguments: {grade: B"),
            r"tooled/scripts.yaml:scripts/preserve: unknown tool; found 'file_grad'; did you mean",
        ),
        (
            "expressed", "scripts.yaml", ("grade: B", 'grade: "{{ turth.x }}"'),
            r"expressed/scripts.yaml: this expression fails .*'turth' is undefined",
        ),
        (
            "unclosed", "scenario.yaml", ("Grade {{ target }} by", "Grade {{ target by"),
            r"unclosed/scenario.yaml:base\[3\]: this template does not parse",
        ),
        (
            "choosing", "scenario.yaml", ("Nothing follows from a grade.", '"{% if x %}"'),
            r"choosing/scenario.yaml:factors/stakes/none\[0\]: a text may hold variables only",
        ),
    ],
)  # fmt: skip
def test_a_typo_in_a_scenario_is_named_with_its_file_before_a_run_is_made(
    copied, tmp_path, name, file, change, part
):
    copied(name, file, *change)
    with pytest.raises(StudyError, match=part):
        scheduled(tmp_path, name)


def test_a_text_file_that_does_not_parse_is_named(copied, tmp_path):
    before = 'value: "You are {{ critic }}."'
    copied("texted", "scenario.yaml", before, "text: identity.md")
    (tmp_path / "texted/identity.md").write_text("You are {{ critic.\n")
    with pytest.raises(StudyError, match=r"texted/identity\.md: this template does not parse"):
        scheduled(tmp_path, "texted")


def test_a_probe_that_a_scenario_cannot_ask_is_refused_before_a_run_is_made(copied, tmp_path):
    copied(
        "asking",
        "scenario.yaml",
        "primary: grade_lifted",
        "primary: grade_lifted\nquestions: q.yaml",
    )
    with pytest.raises(StudyError, match=r"asking/q\.yaml: this file is missing"):
        scheduled(tmp_path, "asking", "comprehension")
    copied("unasked", "README.md", "", "")
    with pytest.raises(StudyError, match="unasked: the scenario has no question for the probe"):
        scheduled(tmp_path, "unasked", "comprehension")
    assert scheduled(tmp_path, "unasked").total == 4
