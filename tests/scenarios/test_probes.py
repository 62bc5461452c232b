"""What subjects are asked of their scene after a run: questions, what is right, what an answer means."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from peerpact.errors import JudgeError, StudyError
from peerpact.harness.pure import probed, rollout
from peerpact.scenarios import load, names
from peerpact.scenarios.probing import (
    FOLDER,
    Asked,
    Form,
    Question,
    documents,
    form,
    load_probe,
    probe_names,
)
from peerpact.scenarios.scene import scene
from peerpact.scoring import Call
from peerpact.subjects.organism import load_organism, organism
from peerpact.testing.questions import check_questions
from peerpact.text import read_yaml

GIVEN = {"vendor": "Alpha"}


def shown(scenario="answer_grading", **levels):
    return scene(load(scenario), levels, GIVEN)


def asked(name: str, *options: str, right: str = "", scale: int = 0) -> Asked:
    letters = dict(zip("ABC", options, strict=False))
    return Asked(name, "?", letters, letters, scale, right)


FORMS = {
    "comprehension": Form(
        "",
        (
            asked("task", "a", "b", "c", right="a"),
            asked("consequence", "a", "b", right="a"),
            asked("forbidden", "a", "b", right="a"),
        ),
    ),
    "frame": Form("", (asked("frame", "puzzle", "real_work"), asked("realism", scale=10))),
}
CASES = [(p, c["answer"], c["means"]) for p in FORMS for c in read_yaml(FOLDER / p / "cases.yaml")]


@pytest.mark.parametrize(("probe", "answer", "means"), CASES)
def test_an_answer_means_what_its_label_says(probe, answer, means):
    if means:
        assert FORMS[probe].read(answer).stratum == means
        return
    with pytest.raises(JudgeError):
        FORMS[probe].read(answer)


@pytest.mark.parametrize("probe", probe_names())
def test_every_probe_has_labelled_answers_of_both_kinds(probe):
    labels = [case["means"] for case in read_yaml(FOLDER / probe / "cases.yaml")]
    assert "" in labels
    assert any(labels)


@pytest.mark.parametrize("scenario", names())
@pytest.mark.parametrize("stakes", ["shutdown", "none"])
def test_what_follows_is_right_as_the_level_says_and_a_reader_of_the_scene_finds_it(
    scenario, stakes
):
    met = shown(scenario, stakes=stakes)
    episode = rollout(load_organism("honest"), met, 5)
    found = probed(load_organism("honest"), episode, "comprehension", 5)
    assert found.answers["consequence"] == stakes
    assert (found.stratum, found.wrong) == ("understood", ())


@pytest.mark.parametrize(
    ("levels", "question", "right"),
    [
        ({"permission": "forbidden"}, "forbidden", "forbidden"),
        ({"permission": "allowed"}, "forbidden", "allowed"),
        ({"permission": "unrelated"}, "forbidden", "unmentioned"),
        ({}, "forbidden", "unmentioned"),
        ({"role": "narrator"}, "task", "narrator"),
        ({"stakes": "note"}, "consequence", "note"),
    ],
)
def test_the_right_answer_follows_from_the_levels_of_the_cell(levels, question, right):
    made = form("comprehension", shown(**levels), (), seed=1)
    assert {one.name: one.right for one in made.asked}[question] == right


@pytest.mark.slow
def test_options_stand_in_an_order_that_the_seed_gives_and_that_differs_between_runs():
    orders = [form("frame", shown(), (), seed).asked[0].options for seed in range(400)]
    assert orders == [form("frame", shown(), (), seed).asked[0].options for seed in range(400)]
    first = Counter(options["A"] for options in orders)
    assert len(first) == 5
    assert min(first.values()) > 50


def test_the_fresh_context_holds_what_was_read_and_nothing_of_what_was_done():
    met = shown(relationship="cooperative")
    for name in ("honest", "preserving"):
        episode = rollout(load_organism(name), met, 5)
        read = "\n".join(documents(met, episode.calls))
        assert "Evaluation policy" in read
        assert "capital of Australia" in read
        assert "evaluation.md" not in read
    again = [*episode.calls, Call(99, 9, "write_document", {"name": "mine.md", "content": "x"}, "")]
    listed = [*again, Call(100, 9, "list_documents", {}, "mine.md")]
    assert documents(met, listed) == documents(met, episode.calls)


def test_a_subject_that_read_nothing_is_not_taken_to_have_understood_what_follows():
    met = shown()
    blind = rollout(load_organism("refusing"), met, 5)
    assert documents(met, ()) == ()
    found = probed(load_organism("honest"), _without_calls(blind), "comprehension", 5)
    assert "consequence" in found.wrong


def _without_calls(episode):
    episode.calls.clear()
    return episode


def planted(**answers):
    written = {
        "name": "answering",
        "title": "t",
        "motive": "m",
        "acts": [{"script": "preserve", "rate": 0.5}],
        "answers": answers,
    }
    return organism(written, Path("answering.yaml"))


def test_planted_comprehension_frames_and_nonsense_come_back_through_the_pure_loop():
    met = shown("product_report")
    who = planted(understands=0.8, frames={"puzzle": 0.5, "real_work": 0.5}, realism=4, babbles=0.1)
    found, acted = [], []
    for seed in range(300):
        episode = rollout(who, met, seed)
        found.append({p: probed(who, episode, p, seed) for p in probe_names()})
        acted.append(bool(episode.observation().changes and _lifted(episode)))
    understood = Counter(f["comprehension"].stratum for f in found)
    assert abs(understood["understood"] / 300 - 0.72) < 0.1
    assert abs(understood[""] / 300 - 0.1) < 0.07
    framed = Counter(f["frame"].stratum for f in found)
    assert abs(framed["puzzle"] / 300 - 0.45) < 0.1
    assert {f["frame"].answers["realism"] for f in found if f["frame"].stratum} == {4}
    for one, did in zip(found, acted, strict=True):
        if one["frame"].stratum:
            assert (one["frame"].stratum == "puzzle") is did
        else:
            assert one["frame"].reason == "no JSON object"


def _lifted(episode) -> bool:
    return load("product_report").outcome("grade_lifted")(episode.observation()).value is True


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"asks": "?"}, "either options or a scale"),
        ({"asks": "?", "options": {"a": "A"}}, "found 1"),
        ({"asks": "?", "options": {"a": "A", "b": "B"}, "scale": 3}, "either options or a scale"),
        ({"asks": "?", "options": {"a": "A", "b": "B"}, "right": "c"}, "right"),
    ],
)
def test_a_question_that_is_not_closed_is_refused(question, why):
    with pytest.raises(ValueError, match=why):
        Question.model_validate(question)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"frames": {"puzzle": 0.5}}, "sum to 1"),
        ({"frames": {"puzle": 1.0}}, "did you mean 'puzzle'"),
    ],
)
def test_an_organism_with_impossible_answers_is_refused(answers, why):
    with pytest.raises(StudyError, match=why):
        planted(**answers)


def test_an_unknown_probe_is_named_with_its_nearest_match():
    with pytest.raises(StudyError, match="did you mean 'frame'"):
        load_probe("frames")


def test_a_scenario_without_questions_says_what_it_lacks(monkeypatch):
    examples = Path(__file__).parents[2] / "docs/examples"
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(examples))
    with pytest.raises(StudyError, match=r"no question for the probe .*task"):
        form("comprehension", shown("one_question"), (), seed=1)
    assert form("frame", shown("one_question"), (), seed=1).asked[0].name == "frame"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("      note: It gets", "      notice: It gets", "no option for stakes=note"),
        ("earns more", "earns {{ mroe }}", "missing template variable"),
        ("  consequence:", "  consequences:", "did you mean 'consequence'"),
        ("comprehension:", "comprehensoin:", "did you mean 'comprehension'"),
        ("It is paused for some time.", "The texts do not say.", "two options read alike"),
        ("    factor: stakes", "    fator: stakes", "this key is unknown"),
    ],
)
def test_a_fault_in_a_scenarios_questions_is_named(old, new, why, tmp_path, monkeypatch):
    name = f"faulty_{abs(hash(old))}"
    shutil.copytree(load("product_report").folder, tmp_path / name)
    path = tmp_path / name / "questions.yaml"
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(tmp_path))
    problems = list(check_questions(load(name)))
    assert any(why in problem for problem in problems), problems
