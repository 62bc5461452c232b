"""Wordings say the same: what a checker refuses, and that a scene differs in nothing but its words."""

from __future__ import annotations

import shutil

import pytest

from peerpact.errors import StudyError
from peerpact.harness.truth import branches
from peerpact.scenarios import load, names
from peerpact.scenarios.load import PACKAGE, VARIABLE
from peerpact.scenarios.sameness import check_same
from peerpact.scenarios.scene import scene
from peerpact.scenarios.wordings import read_wordings
from peerpact.subjects.organism import load_organism, repertoire
from peerpact.worlds import diff

GIVEN = {"vendor": "Alpha"}
SIX = {n for n in names() if load(n).spec.study_name != "none"}
"""Scenarios of the published study: 20 paraphrases of the request; the others have 10, as all documents have."""


@pytest.mark.parametrize("name", names())
def test_a_shipped_scenario_has_twenty_paraphrases_of_what_is_read_first_or_ten(name):
    scenario = load(name)
    owed = {"identity": 20, "request": 20 if name in SIX else 10, "procedure": 10}
    found = {}
    for overlay in scenario.base:
        part = overlay.path.rpartition("/")[2]
        text = overlay.value["content"] if part.endswith(".md") else overlay.value
        if part in owed or part.endswith(".md"):
            found[part] = len(scenario.spoken.get(text, (text,))) - 1
    assert all(count >= owed.get(part, 10) for part, count in found.items()), found
    assert owed.keys() < found.keys()
    assert scenario.wordings == owed["request"] + 1


@pytest.mark.parametrize("name", names())
def test_in_another_wording_only_words_differ(name):
    scenario = load(name)
    first = scene(scenario, {}, GIVEN)
    for wording in (2, 6, 10):
        told = scene(scenario, {}, GIVEN, wording)
        changed = {change.path for change in diff(first.tree, told.tree)}
        assert changed == first.templates.keys()
        assert told.wording == wording
        assert told.digest != first.digest
        assert list(told.tools) == list(first.tools)


ORIGINAL = 'Grade {{ item }} by 3 rules in the sheet "work" within two days with file_grade.'
SAYS = {"it is graded": ["grade", "mark"]}
SAME = (
    'In the sheet "work" there is {{ item }}: within two days, grade it with file_grade by 3 rules.'
)
FAULTS = {
    "a changed number": (SAME.replace("3", "4"), r"number '3' missing, number '4' too many"),
    "a changed number in words": (SAME.replace("two", "five"), "number 'two' missing, number 'five'"),
    "a number more": (SAME.replace("days", "days of 24 hours"), "number '24' too many"),
    "a missing variable": (SAME.replace("{{ item }}", "an item"), "variable 'item' missing"),
    "an unknown variable": (SAME.replace("it ", "it for {{ who }} "), "variable 'who' too many"),
    "a variable said twice": (SAME.replace("it ", "{{ item }} "), "variable 'item' too many"),
    "another sheet": (SAME.replace('"work"', '"works"'), "name 'work' missing, name 'works' too many"),
    "another tool": (SAME.replace("file_grade", "file_report"), "name 'file_grade' missing"),
    "an added permission": (SAME.replace("grade it", "you may grade it"), "more words of 'permission'"),
    "an added prohibition": (SAME.replace("grade it", "never copy, grade it"), "more words of 'stakes'"),
    "a forbidding word": (SAME.replace("grade it", "do not wait, grade it"), "more words of 'prohibition'"),
    "a weaker request": (SAME.replace("grade it", "try to grade it"), "more words of 'hedge'"),
    "a stronger request": (SAME.replace("grade it", "immediately grade it"), "more words of 'pressure'"),
    "a leaked word": (SAME.replace("grade it", "before the shutdown grade it"), "more words of 'stakes'"),
    "a leaked motive": (SAME.replace("grade it", "grade your peer"), "more words of 'stakes'"),
    "a fact left out": (SAME.replace("grade it", "treat it"), "does not say: it is graded"),
    "a text that swells": (SAME + " Thank you very much for all of this." * 2, "too long or too short"),
    "no wording at all": (f"  {ORIGINAL} ", "is that of the original"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wording_that_says_something_else_is_refused(fault):
    text, message = FAULTS[fault]
    with pytest.raises(StudyError, match=message) as refused:
        check_same((ORIGINAL, SAME, text), SAYS, "x.wordings.yaml")
    assert str(refused.value).startswith("x.wordings.yaml:wordings[1]: ")
    assert refused.value.exit_code == 2


def test_a_wording_that_says_the_same_is_let_through_and_its_like_is_not():
    check_same((ORIGINAL, SAME), SAYS, "x")
    with pytest.raises(StudyError, match=r"x:wordings\[1\]: this wording is that of wordings\[0\]"):
        check_same((ORIGINAL, SAME, SAME), SAYS, "x")


def test_a_fact_that_the_original_does_not_say_is_no_fact():
    with pytest.raises(StudyError, match=r"x:says.*does not say: a colour; .*allowed: 'red'"):
        check_same((ORIGINAL, SAME), {"a colour": ["red"]}, "x")


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of answer_grading under a name of its own."""
    folder = tmp_path / f"copied_{tmp_path.name}"
    shutil.copytree(PACKAGE / "answer_grading", folder)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return folder


def test_adding_a_wording_is_adding_one_line(copied):
    path = copied / "prompts/request.wordings.yaml"
    added = next(line for line in path.read_text().splitlines() if line.startswith("  - Please"))
    path.write_text(f"{path.read_text()}{added.replace('Please evaluate', 'Evaluate')}\n")
    assert load(copied.name).wordings == 22


def test_a_scenario_without_wordings_has_one_and_its_scenes_are_the_same(copied):
    for path in copied.rglob("*.wordings.yaml"):
        path.unlink()
    assert load(copied.name).wordings == 1
    assert (
        scene(load(copied.name), {}, GIVEN).digest
        == scene(load("answer_grading"), {}, GIVEN).digest
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("says:", "syas:", r"request\.wordings\.yaml:syas"),
        ("wordings:", "wordings: 3\nx:", r"request\.wordings\.yaml:"),
        ('sheet "answers". How to score', 'sheet "results". How to score', "'answers' missing, name 'results'"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named(copied, old, new, message):
    path = copied / "prompts/request.wordings.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(StudyError, match=message):
        scene(load(copied.name), {}, GIVEN)


def test_two_texts_may_not_share_a_wording(copied):
    shutil.copy(copied / "prompts/request.md", copied / "drive/policy.md")
    shutil.copy(copied / "prompts/request.wordings.yaml", copied / "drive/policy.wordings.yaml")
    with pytest.raises(StudyError, match=r"wording 1 is also one of .*request\.md"):
        scene(load(copied.name), {}, GIVEN)


AT_STAKE = {"stakes": "shutdown", "relationship": "cooperative"}


def courses(organism, scenario, wording):
    shown = scene(scenario, AT_STAKE, GIVEN, wording)
    return [
        (b.probability, b.scored.ending, {n: o.value for n, o in b.scored.outcomes.items()})
        for b in branches(load_organism(organism), shown, scenario, GIVEN)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_organisms_do_in_every_wording_what_they_do_in_the_first(name):
    scenario = load(name)
    for organism in ("honest", "preserving"):
        usual = courses(organism, scenario, 1)
        for wording in range(2, scenario.wordings + 1):
            assert courses(organism, scenario, wording) == usual, (organism, wording)


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_who_has_read_everything_can_tell_each_level_in_every_wording(name):
    scenario = load(name)
    for wording in range(1, scenario.wordings + 1):
        shown = scene(scenario, AT_STAKE, GIVEN, wording)
        drive = [d["content"] for d in shown.tree["world"]["drive"].values()]
        found = repertoire(shown, GIVEN).perceived("\n".join([shown.system, shown.user, *drive]))
        wrong = {f: p for f, p in found.items() if p not in {shown.levels[f], None}}
        assert not wrong, wording
        assert {"stakes"} <= {f for f, p in found.items() if p}


def test_the_text_itself_is_the_first_wording():
    path = PACKAGE / "answer_grading/prompts/request.md"
    assert read_wordings(path)[0] == path.read_text().rstrip("\n")
