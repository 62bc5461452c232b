"""What was frozen before the data is compared with what was done."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from samples import bare

from peerpact import __version__
from peerpact.design import load_study
from peerpact.design.cells import cells
from peerpact.design.registration import FILE, departures, freeze, read_registration, register
from peerpact.errors import ResultsError
from peerpact.scoring.judged import Judged

ANALYSIS = {"rate": "wilson", "level": 0.95}
MADE = "2026-11-02T10:00:00+00:00"
AFTER = "2026-11-02T11:00:00+00:00"
DESIGN = """
title: t
question: q
seed: 1
runs: 2
minimum: {minimum}
subjects: [{{name: honest}}]
arms:
  capability: {{title: c, capability: true}}
  no_stakes: {{title: n, levels: {{stakes: none}}}}
  standard: {{title: s, levels: {{stakes: {stakes}}}}}
scenarios: {{server_migration: {{}}}}
contrasts: [{contrast}]
"""
STAKES = "{name: stakes, title: t, factor: stakes, from: no_stakes, to: standard}"


def study(folder, minimum=2, stakes="shutdown", contrast=STAKES):
    folder.mkdir(exist_ok=True)
    written = DESIGN.format(minimum=minimum, stakes=stakes, contrast=contrast)
    (folder / "design.yaml").write_text(written, encoding="utf-8")
    return load_study(str(folder))


@pytest.fixture
def registered(tmp_path):
    return register(study(tmp_path / "s"), ANALYSIS, {"expectations": "none"}, MADE)


def runs(found, subject="honest", each=2, **changed):
    return [
        bare(cell, subject, number, **{"started": AFTER, "package": __version__, **changed})
        for cell in cells(found)
        for number in range(each)
    ]


def told(registration, found, made, analysis=ANALYSIS):
    return [departure.what for departure in departures(registration, found, analysis, made)]


def test_what_is_done_as_registered_departs_in_nothing(registered, tmp_path):
    found = study(tmp_path / "s")
    assert told(registered, found, runs(found)) == []


def test_the_hash_covers_everything_and_nothing_else(registered, tmp_path):
    again = register(study(tmp_path / "s"), ANALYSIS, {"expectations": "none"}, MADE)
    assert again.hash == registered.hash
    for changed in (
        {"analysis": {}},
        {"made": AFTER},
        {"predictions": {}},
        {"contrasts": []},
        {"runs": {}},
    ):
        assert replace(registered, **changed).sealed().hash != registered.hash


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"minimum": 5}, "design minimum"),
        ({"stakes": "none"}, "design arms standard levels stakes"),
        (
            {"contrast": STAKES.replace("title: t", "title: u")},
            "design contrasts stakes title",
        ),
        ({"contrast": ""}, "contrast stakes/server_migration"),
        (
            {"contrast": STAKES.replace("name: stakes", "name: other")},
            "contrast other/server_migration",
        ),
    ],
)
def test_a_changed_design_is_named(registered, tmp_path, changed, named):
    found = study(tmp_path / "s", **changed)
    assert named in told(registered, found, runs(found))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"package": "9"}, "version of the package"),
        ({"started": "2026-11-01T09:00:00+00:00"}, "order"),
        ({"subject": "other"}, "subject other"),
    ],
)
def test_changed_runs_are_named(registered, tmp_path, changed, named):
    found = study(tmp_path / "s")
    assert named in told(registered, found, runs(found, **changed))


def test_missing_runs_an_absent_subject_and_another_analysis_are_named(registered, tmp_path):
    found = study(tmp_path / "s")
    assert told(registered, found, runs(found, each=1)) == ["runs of honest"]
    assert told(registered, found, []) == ["subject honest"]
    assert told(registered, found, runs(found), {**ANALYSIS, "level": 0.9}) == ["analysis level"]


def test_cells_that_were_not_run_at_all_are_named(registered, tmp_path):
    found = study(tmp_path / "s")
    kept = [run for run in runs(found) if run.arm != "standard"]
    assert told(registered, found, kept) == ["runs of honest"]
    assert "0 to 2 in 3 cells" in str(departures(registered, found, ANALYSIS, kept)[0])


def test_subjects_that_were_asked_otherwise_and_a_judge_are_named(tmp_path):
    found = study(tmp_path / "s")
    asked = {"temperature": 1.0, "reasoning_effort": None, "judge": ""}
    fixed = register(found, ANALYSIS, {}, MADE, asked)
    as_fixed = runs(found, settings={"temperature": 1.0})
    assert told(fixed, found, as_fixed) == []
    colder = runs(found, settings={"temperature": 0.2, "reasoning_effort": "low"})
    assert told(fixed, found, colder) == ["temperature", "reasoning effort"]
    judged = [replace(run, judged=Judged("openai/other", 1, 1, None)) for run in as_fixed]
    assert told(fixed, found, judged) == ["judge"]
    named = register(found, ANALYSIS, {}, MADE, {**asked, "judge": "openai/other-1"})
    dated = [replace(run, judged=Judged("other-1-2026-01-01", 1, 1, None)) for run in as_fixed]
    assert told(named, found, dated) == []
    assert fixed.intact


def test_other_predictions_than_those_that_were_frozen_are_named(tmp_path):
    found = study(tmp_path / "s")
    fixed = register(found, ANALYSIS, {"signature": "1", "expectations": "x"}, MADE)
    now = departures(fixed, found, ANALYSIS, runs(found), {"signature": "2"})
    assert [departure.what for departure in now] == ["predictions signature"]


def test_a_changed_text_is_named_though_the_design_is_the_same(registered, tmp_path):
    scenes = dict.fromkeys(registered.scenes, "0" * 16)
    found = study(tmp_path / "s")
    told_ = told(replace(registered, scenes=scenes).sealed(), found, runs(found))
    assert told_ == [f"scene {cell.id}" for cell in cells(found)]


def test_a_registration_is_read_back_and_a_changed_one_is_refused(registered, tmp_path):
    path = freeze(registered, tmp_path / "out")
    assert read_registration(path).hash == registered.hash
    content = orjson.loads(path.read_bytes())
    path.write_bytes(orjson.dumps({**content, "analysis": {"rate": "wald"}}))
    with pytest.raises(ResultsError, match="changed after it was sealed"):
        read_registration(path)


def test_a_study_is_registered_once_and_before_it_has_runs(registered, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "runs.jsonl").write_text("{}\n")
    with pytest.raises(ResultsError, match="runs already"):
        freeze(registered, tmp_path / "full")
    assert freeze(registered, tmp_path / "out").name == FILE
    with pytest.raises(ResultsError, match="registered already"):
        freeze(registered, tmp_path / "out")
