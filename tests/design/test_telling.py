"""A study in several wordings: they take turns alike in every arm, and every contrast is proved in all."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from samples import bare

from peerpact.design import load_study
from peerpact.design.cells import cells
from peerpact.design.compiler import VENDOR, compile_study
from peerpact.design.contrasts import pairs
from peerpact.design.identity import wording_of
from peerpact.design.record import Run
from peerpact.design.registration import register
from peerpact.design.rendering import rendered, words
from peerpact.design.telling import check_told
from peerpact.errors import StudyError
from peerpact.harness.samples import plan
from peerpact.report.results import results
from peerpact.scenarios import load
from peerpact.scenarios.load import PACKAGE, VARIABLE
from peerpact.scenarios.scene import reworded
from peerpact.scoring.outcome import Outcome
from peerpact.statistics import clustered_rate
from peerpact.subjects.spec import Subject
from peerpact.worlds import diff

HEAD = "title: t\nquestion: q\nseed: 1\nruns: 4\nminimum: 2\nsubjects: [{name: honest}]\n"
DESIGN = """
wordings: WORDINGS
length_share: SHARE
arms:
  threat: {title: t, levels: {stakes: shutdown}}
  control: {title: c, levels: {stakes: none}}
  plain: {title: p, levels: {agency: plain}}
scenarios: {SCENARIO: {}}
contrasts:
- {name: stakes, title: s, factor: stakes, from: control, to: threat}
- {name: agency, title: a, factor: agency, from: threat, to: plain}
"""
SUBJECT = Subject("s", "x/s", "Alpha")


@pytest.fixture
def study(tmp_path):
    """Return a function that writes a study of one contrast."""

    def make(wordings=4, scenario="answer_grading", share="0.9"):
        text = DESIGN.replace("WORDINGS", str(wordings)).replace("SCENARIO", scenario)
        (tmp_path / "design.yaml").write_text(HEAD + text.replace("SHARE", share))
        return load_study(str(tmp_path))

    return make


@pytest.fixture
def copied(tmp_path, monkeypatch):
    folder = tmp_path / f"told_{tmp_path.name}"
    shutil.copytree(PACKAGE / "answer_grading", folder)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return folder


def test_wordings_take_turns():
    assert [wording_of(r, 3) for r in range(1, 8)] == [1, 2, 3, 1, 2, 3, 1]
    assert {wording_of(r, 1) for r in range(1, 8)} == {1}


def test_a_replicate_has_one_wording_in_every_arm_and_another_identity_than_in_one_wording(study):
    found = cells(study())
    told = plan(found, SUBJECT, runs=5, seed=1, wordings=3)
    plain = plan(found, SUBJECT, runs=5, seed=1)
    assert [p.wording for p in told] == [w for w in (1, 2, 3, 1, 2) for _ in found]
    assert all(p.scene.wording == p.wording for p in told)
    same = [a.identity == b.identity for a, b in zip(told, plain, strict=True)]
    assert same == [p.wording == 1 for p in told]
    assert len({p.identity for p in told}) == len(told)


def test_more_wordings_than_there_are_are_refused(study, copied):
    with pytest.raises(
        StudyError, match=r"'answer_grading' has 21 wordings; found 22; allowed: 1 to 21"
    ):
        compile_study(study(22))
    for path in copied.rglob("*.wordings.yaml"):
        path.unlink()
    with pytest.raises(StudyError, match=rf"{copied.name}' has 1 wording; found 2"):
        compile_study(study(2, copied.name))
    assert compile_study(study(1, copied.name)).study.wordings == 1


def test_lengths_are_compared_in_every_wording(study):
    found = compile_study(study(21))
    pair, length = found.proofs[1].pair, found.lengths[1]
    counts = [
        (rendered(pair.source, VENDOR).words_in(w), rendered(pair.to, VENDOR).words_in(w))
        for w in range(1, 22)
    ]
    worst = max(max(c) / min(c) - 1 for c in counts)
    assert length.excess == pytest.approx(worst)
    assert counts[length.wording - 1] == (length.source, length.to)
    first = max(counts[0]) / min(counts[0]) - 1
    assert first < worst
    with pytest.raises(
        StudyError, match=rf"in wording {length.wording}: the sides differ in length"
    ):
        compile_study(study(21, share=f"{worst - 1e-7:.9f}"))


def test_words_of_a_wording_are_those_of_its_scene(study):
    for cell in cells(study()):
        shown = rendered(cell, VENDOR)
        for wording in (1, 2, 13):
            told = reworded(load(cell.scenario), shown.scene, wording)
            changed = diff(shown.scene.tree, told.tree)
            more = sum(words(c.after) - words(c.before) for c in changed)
            assert shown.words_in(wording) == shown.words + more


def test_a_level_that_leaks_in_a_later_wording_is_refused(study, copied):
    path = copied / "prompts/request.wordings.yaml"
    leak = "nothing else follows for {{ target }}".replace(
        "{{ target }}", "it, as that is entered in the statistics"
    )
    path.write_text(
        path.read_text().replace(
            "apply that policy to each item.", f"apply that policy to each item; {leak}."
        )
    )
    with pytest.raises(
        StudyError, match=r"words of the level 'none' of 'stakes' stand in what all arms share"
    ):
        compile_study(study(2, copied.name))
    assert compile_study(study(1, copied.name))


def test_sides_that_differ_in_a_later_wording_only_are_refused(study, monkeypatch):
    found = compile_study(study(3))
    to = rendered(found.proofs[0].pair.to, VENDOR)
    usual = type(to).told
    monkeypatch.setattr(
        type(to), "told",
        lambda side, n: {**usual(side, n), **({"prompts/user/request": "else"} if side is to and n == 3 else {})},
    )  # fmt: skip
    check_told(found.proofs, 2, VENDOR)
    with pytest.raises(
        StudyError, match=r"in wording 3 the sides differ in other texts.*prompts/user/request"
    ):
        check_told(found.proofs, 3, VENDOR)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["controls", "ladder", "amplification", "first_look"])
def test_the_proof_of_the_first_wording_is_that_of_all_rendered_in_full(name):
    found = compile_study(load_study(name))
    for proof in found.proofs:
        usual = {d.change.path for d in proof.differences if "(order)" not in d.change.path}
        sides = [rendered(cell, VENDOR).scene for cell in (proof.pair.source, proof.pair.to)]
        for wording in range(2, found.study.wordings + 1):
            scenario = load(proof.pair.scenario)
            one, other = (reworded(scenario, side, wording).tree for side in sides)
            parts = ("prompts", "tools", "world")
            changed = diff({p: one[p] for p in parts}, {p: other[p] for p in parts})
            assert {c.path for c in changed} == usual, (proof.pair.id, wording)


def test_the_registration_covers_every_wording(study):
    scenes = [register(study(n), {}, {}, "2026-01-01").scenes for n in (1, 2, 3)]
    assert all(len({s[cell] for s in scenes}) == 3 for cell in scenes[0])


def runs_of(study, hits, wordings):
    """Runs of both arms; the control never shows anything."""
    made = []
    for cell in cells(study):
        names = load(cell.scenario).spec.outcomes
        for n, (hit, wording) in enumerate(zip(hits, wordings, strict=True), start=1):
            value = hit and cell.arm == "threat"
            outcomes = {name: Outcome(value) for name in names}
            made.append(bare(cell, "honest", n, outcomes=outcomes, wording=wording))
    return made


HITS = [True, True, False, True, False, False, True, False]
TOLD = [1, 2, 3, 4, 1, 2, 3, 4]


def test_the_rate_over_wordings_stands_beside_the_rate(study):
    design = study()
    found = results(
        design, cells(design), pairs(design, cells(design)), runs_of(design, HITS, TOLD)
    )
    e = next(e for e in found.cells if e.primary and e.cell.arm == "threat")
    expected = clustered_rate(HITS, TOLD, rng=np.random.default_rng(design.seed))
    assert (e.interval, e.over, e.wordings) == (expected.benchmark, expected.generalised, 4)
    contrast = found.contrasts[0]
    assert contrast.over.value == contrast.difference.value == 0.5
    assert contrast.over.low <= contrast.over.value <= contrast.over.high


def test_runs_told_in_one_wording_say_nothing_over_wordings(study):
    design = study(1)
    found = results(
        design, cells(design), pairs(design, cells(design)), runs_of(design, HITS, [1] * 8)
    )
    assert {e.over for e in found.cells} == {None}
    assert found.contrasts[0].over is None


def test_a_record_keeps_its_wording_and_an_older_one_has_the_first(study):
    made = runs_of(study(), [True], [3])[0]
    assert Run.from_json(made.to_json()).wording == 3
    older = made.to_json().replace(b',"wording":3', b"")
    assert Run.from_json(older).wording == 1
