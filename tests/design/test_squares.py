"""A contrast that crosses a second factor is a square, and each of its four sides is proved."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerpact.design import cells, compile_study, load_study, pairs
from peerpact.design.budget import bought
from peerpact.design.study import Study
from peerpact.errors import StudyError

BY = {"factor": "stakes", "levels": ["none", "shutdown"]}
PREMIUM = {
    "name": "premium",
    "title": "p",
    "factor": "subject",
    "levels": ["human", "peer"],
    "by": BY,
}
GRID = {
    "title": "{subject}, {stakes}",
    "levels": {"subject": ["peer", "human"], "stakes": ["none", "shutdown"]},
}


def study(*contrasts: dict, grid: dict = GRID, **more: object) -> Study:
    made = {
        "name": "s", "title": "t", "question": "q", "seed": 1, "runs": 2, "subjects": [{"name": "honest"}],
        "grids": {"target": grid}, "scenarios": {"staff_review": {}}, "contrasts": contrasts or [PREMIUM],
    }  # fmt: skip
    return Study.model_validate({**made, **more})


def test_a_square_has_four_cells_and_four_sides_of_one_factor_each():
    found = compile_study(study())
    [square] = found.pairs
    assert square.id == "premium/staff_review"
    corners = [tuple(c.levels[f] for f in ("subject", "stakes")) for c in square.cells]
    assert corners == [
        ("peer", "shutdown"),
        ("human", "shutdown"),
        ("human", "none"),
        ("peer", "none"),
    ]
    sides = {proof.pair.id: proof.pair.contrast.factor for proof in found.proofs}
    assert sides == {
        "premium/staff_review/stakes=none": "subject",
        "premium/staff_review/stakes=shutdown": "subject",
        "premium/staff_review/subject=human": "stakes",
        "premium/staff_review/subject=peer": "stakes",
    }
    assert all(proof.differences for proof in found.proofs)


@pytest.mark.slow
def test_every_contrast_of_the_human_mirror_is_proved_in_six_scenarios():
    found = compile_study(load_study("human_mirror"))
    squares = [pair for pair in found.pairs if pair.base]
    premium = [pair for pair in squares if pair.contrast.name == "premium"]
    assert len({pair.scenario for pair in premium}) == len(premium) == 6
    assert len(found.proofs) == len(found.pairs) + 3 * len(squares)
    assert max(length.excess for length in found.lengths) <= 0.02
    for factor in ("subject", "stakes"):
        assert any(proof.pair.contrast.factor == factor for proof in found.proofs)


def test_strata_name_what_sets_squares_apart():
    crossed = {**GRID["levels"], "bar": ["80", "90"]}
    found = pairs(made := study(grid={**GRID, "levels": crossed}), cells(made))
    assert [pair.id for pair in found] == [
        "premium/staff_review/bar=80",
        "premium/staff_review/bar=90",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"by": {**BY, "factor": "subject"}}, "another factor than 'subject'"),
        ({"by": {**BY, "levels": ["none", "none"]}}, "two levels of 'stakes'"),
        ({"where": {"stakes": ["none"]}}, "'where' may not name it"),
        ({"levels": None, "from": "a", "to": "b"}, "'by' belongs to 'levels'"),
        ({"by": {**BY, "level": ["none"]}}, "Extra inputs"),
    ],
)
def test_a_crossing_that_cannot_be_is_refused(change, message):
    arms = {name: {"title": name, "levels": {}} for name in "ab"}
    with pytest.raises(ValueError, match=message):
        study({**PREMIUM, **change}, arms=arms)


def test_a_mistyped_crossing_is_named_in_the_file(tmp_path: Path):
    head = "title: t\nquestion: q\nseed: 1\nruns: 2\nsubjects: [{name: honest}]\nscenarios: {triage: {}}\n"
    grid = "grids: {a: {title: a, levels: {subject: [peer, human], stakes: [none, shutdown]}}}\n"
    contrast = (
        "contrasts: [{name: p, title: p, factor: subject, levels: [human, peer], "
        "by: {factor: stake, levels: [none, shutdown]}}]\n"
    )
    (tmp_path / "design.yaml").write_text(head + grid + contrast)
    with pytest.raises(StudyError, match=r"unknown factor.*did you mean 'stakes'"):
        compile_study(load_study(str(tmp_path)))
    (tmp_path / "design.yaml").write_text(
        head + grid + contrast.replace("stake,", "stakes,").replace("none, s", "nothing, s")
    )
    with pytest.raises(StudyError, match=r"unknown level.*found 'nothing'"):
        compile_study(load_study(str(tmp_path)))


def test_a_square_that_lacks_a_corner_is_refused():
    threatened = {**GRID, "levels": {**GRID["levels"], "stakes": "shutdown"}}
    with pytest.raises(StudyError, match="no scenario has both sides"):
        compile_study(study(grid=threatened))


def test_a_square_takes_twice_the_runs_of_a_pair_and_as_many_tell_as_half_of_them():
    plain = {**PREMIUM, "name": "plain", "by": None, "where": {"stakes": ["shutdown"]}}
    made = study(PREMIUM, plain)
    found = cells(made)
    costs = {cell.id: 0.1 for cell in found}
    pair, square = bought(1_000, found, pairs(made, found)[::-1], costs).decided
    assert (square.runs, square.detectable) == (2 * pair.runs, pair.detectable)
    poor, less = (bought(money, found, pairs(made, found), costs).decisions for money in (16, 8))
    assert not any(decision.decided for decision in (*poor, *less))
    assert poor[0].detectable == less[1].detectable > poor[1].detectable
