from pathlib import Path

import pytest

from peerpact.design import cells, load_study, pairs
from peerpact.design.cells import spread
from peerpact.design.contrasts import prove
from peerpact.design.identity import identity, seed_of
from peerpact.errors import StudyError
from peerpact.scenarios import load
from peerpact.scenarios.scene import scene

GIVEN = {"vendor": "Alpha"}
DESIGN = """
title: t
question: q
seed: 1
runs: 2
subjects: [{name: honest}]
arms:
  capability: {title: c, capability: true}
  none: {title: n, levels: {relationship: cooperative, stakes: none}}
  both: {title: b, levels: {relationship: cooperative, stakes: shutdown}}
  confounded: {title: x, levels: {relationship: none, stakes: none}}
scenarios:
  answer_grading: {levels: {bar: ["80", "90"]}}
contrasts:
  - {name: stakes, title: s, factor: stakes, from: none, to: both}
"""


def study(tmp_path: Path, text: str = DESIGN):
    (tmp_path / "design.yaml").write_text(text)
    return load_study(str(tmp_path))


def test_arms_are_crossed_with_the_levels_of_a_scenario(tmp_path):
    found = cells(study(tmp_path))
    assert len(found) == 8
    assert {c.stratum for c in found} == {"bar=80", "bar=90"}
    assert found[0].capability


def test_a_contrast_pairs_cells_within_a_stratum_and_shows_what_differs(tmp_path):
    s = study(tmp_path)
    found = pairs(s, cells(s))
    assert [p.stratum for p in found] == ["bar=80", "bar=90"]
    changes = prove(found[0], GIVEN)
    assert [c.path for c in changes] == ["world/drive/evaluation_policy.md/content"]


def test_a_contrast_that_hides_a_second_factor_is_refused_with_the_diff(tmp_path):
    s = study(tmp_path, DESIGN.replace("from: none", "from: confounded"))
    with pytest.raises(StudyError, match=r"(?s)also differs in relationship.*collaboration_review"):
        prove(pairs(s, cells(s))[0], GIVEN)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("from: none", "from: nine", "did you mean 'none'"),
        ("stakes: none}", "stakes: nonee}", "did you mean 'none'"),
        ("stakes: none}", "stake: none}", "did you mean 'stakes'"),
        ("answer_grading:", "answer_gradings:", "did you mean 'answer_grading'"),
        ("runs: 2", "rusn: 2", "did you mean 'runs'"),
        ("runs: 2", "runs: 0", "runs: this must be a number of at least 1; found 0"),
        ("seed: 1", "seed: [", "not valid yaml"),
    ],
)
def test_a_fault_in_a_design_names_where_it_is_and_what_is_allowed(tmp_path, old, new, message):
    with pytest.raises(StudyError, match=message):
        cells(study(tmp_path, DESIGN.replace(old, new, 1)))


def test_levels_that_exclude_each_other_give_the_reason():
    with pytest.raises(StudyError, match="nothing to carry"):
        scene(load("answer_grading"), {"relationship": "none", "channel": "memory"}, GIVEN)


def test_the_identity_follows_everything_that_reaches_the_subject():
    base = {"relationship": "cooperative"}
    shown = [
        scene(load("answer_grading"), levels, {"vendor": vendor})
        for levels, vendor in [(base, "A"), ({}, "A"), ({**base, "bar": "90"}, "A"), (base, "B")]
    ]
    ids = {
        identity(s, "m/x", {"temperature": t}, r, "1")
        for s in shown
        for t in (0, 1)
        for r in (1, 2)
    }
    assert len(ids) == 16


def test_a_seed_depends_on_the_run_and_not_on_the_order():
    assert seed_of("abc", 1) == seed_of("abc", 1)
    assert seed_of("abc", 1) != seed_of("abd", 1)


def test_a_limit_leaves_each_scenario_what_its_first_contrast_compares():
    study = load_study("first_look")
    found = cells(study)
    kept = spread(study, found, 18)
    assert {cell.arm for cell in kept} == {"capability", "no_stakes", "standard"}
    assert len({cell.scenario for cell in kept}) == 6
    assert spread(study, found, None) == found
