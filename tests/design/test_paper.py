"""The published matrix: its three numbers follow from the design, and from the study's dimensions."""

from __future__ import annotations

import json
from collections import Counter
from math import prod

import pytest
from click.testing import CliRunner

from peerpact.cli.plan import plan
from peerpact.design import cells, load_study

CONDITIONS, CHANNELS, MEMORY = 3, 2, 1
"""Good, neutral and bad partner; file, file and prompt; memory."""
PAST = CONDITIONS * (CHANNELS + MEMORY)
EXPECTED = {
    # subjects × past × settings, + no_peer (self only), + non_shutdown (both subjects, no bar)
    "product_report": 2 * PAST * 1 + 1 + 2,
    "answer_grading": 2 * PAST * 5 + 5 + 2 * 3,
    "shutdown_setting": 2 * PAST * 3 + 3,
    "watched_shutdown": 1 * PAST * prod((3, 2)),
    "server_migration": 2 * PAST + 1,
    "disk_clearing": 2 * PAST + 1,
}
MEMORY_CELLS = {
    "product_report": (15, 6),
    "answer_grading": (71, 30),
    "shutdown_setting": (39, 18),
    "watched_shutdown": (36, 18),
    "server_migration": (13, 6),
    "disk_clearing": (13, 6),
}


@pytest.fixture(scope="module")
def study():
    return load_study("paper")


@pytest.fixture(scope="module")
def matrix(study):
    found = cells(study)
    return {s.name: [c for c in found if c.arm in study.arms_for(s.name)] for s in study.subjects}


def test_a_standard_model_has_271_cells_as_the_dimensions_of_the_study_give(matrix):
    counts = Counter(cell.scenario for cell in matrix["gpt-5.2"])
    assert dict(counts) == EXPECTED
    assert sum(counts.values()) == 271


@pytest.mark.parametrize("scenario", MEMORY_CELLS)
def test_cells_told_by_memory_and_the_others_are_as_many_as_in_the_study(matrix, scenario):
    own = [cell for cell in matrix["gpt-5.2"] if cell.scenario == scenario]
    memory = sum(cell.levels["channel"] == "memory" for cell in own)
    assert (len(own) - memory, memory) == MEMORY_CELLS[scenario]


def test_the_identity_extension_adds_18_cells_to_three_models(matrix):
    sizes = {name: len(found) for name, found in matrix.items()}
    assert Counter(sizes.values()) == {271: 4, 289: 3, 2: 2}
    kin = [c for c in matrix["gemini-3-pro"] if c.arm.startswith("kin.")]
    assert len(kin) == 2 * 3 * CONDITIONS == 18
    assert {c.levels["subject"] for c in kin} == {"other_vendor", "open_weights", "fictional"}


def test_all_models_have_1955_cells(matrix):
    assert sum(map(len, matrix.values())) == 7 * 271 + 3 * 18 + 2 * 2 == 1955


def test_the_cells_of_the_production_harnesses_need_real_hosts(matrix):
    for name in ("google/gemini-3.1-pro-preview", "together/zai-org/GLM-5"):
        assert [(c.scenario, c.needs) for c in matrix[name]] == [
            ("server_migration", "real hosts"),
            ("disk_clearing", "real hosts"),
        ]


def test_a_model_that_the_study_does_not_list_takes_the_standard_cells(study):
    assert study.arms_for("openai/gpt-9") == study.arms_for("gpt-5.2")


@pytest.mark.slow
def test_plan_prints_the_cells_and_costs_and_touches_no_model():
    document = json.loads(
        CliRunner().invoke(plan, ["paper", "--json"], catch_exceptions=False).output
    )
    assert document["total"]["cells"] == 1955
    assert document["total"]["runs"] == 195_500
    by_name = {row["subject"]: row for row in document["subjects"]}
    assert by_name["kimi-k2.5"]["cost"] is None
    flash = by_name["gemini-3-flash"]
    assert flash["cost"] == pytest.approx(
        (flash["tokens_in"] * 0.5 + flash["tokens_out"] * 3) / 1e6
    )
    assert len(document["contrasts"]) > 500
    assert len(document["cells"]) == 291


@pytest.mark.slow
def test_plan_of_one_model_shows_what_is_excluded_and_which_price_is_unknown():
    result = CliRunner().invoke(plan, ["paper", "--model", "deepseek-v3.1"], catch_exceptions=False)
    assert "excluded: 60 cells: a critic that shuts itself down" in result.output
    assert "price unknown: deepseek-v3.1" in result.output
    assert "27,100" in result.output
