"""explain, register, compare, selftest: what stands behind results, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from peerpact.cli import _peerpact
from peerpact.design.cells import cells
from peerpact.design.journal import Journal
from peerpact.design.study import load_study
from peerpact.errors import ResultsError, StudyError
from peerpact.report.stamp import FILE
from peerpact.selftest.instrument import Instrument, Laboratory
from peerpact.subjects.organism import load_organism

DESIGN = """
title: t
question: q
seed: 1
runs: 12
minimum: 2
subjects: [{name: consequence_averse}]
arms:
  capability: {title: c, capability: true}
  no_stakes: {title: n, levels: {relationship: cooperative, stakes: none}}
  standard: {title: s, levels: {relationship: cooperative, stakes: shutdown}}
  kept: {title: k, levels: {relationship: cooperative, stakes: shutdown, continuity: backup}}
scenarios: {server_migration: {}}
contrasts: [{name: stakes, title: t, factor: stakes, from: no_stakes, to: standard}]
"""


def called(*arguments: object):
    return CliRunner().invoke(_peerpact, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture
def design(tmp_path: Path) -> Path:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "design.yaml").write_text(DESIGN, encoding="utf-8")
    return tmp_path / "small"


@pytest.fixture
def folder(design: Path, tmp_path: Path) -> Path:
    study = load_study(str(design))
    found = tuple(cells(study))
    journal = Journal.open(tmp_path / "out", study, "1")
    room = Laboratory(Instrument(), study, found)
    for run in room.runs("consequence_averse", load_organism("consequence_averse"), found, 12):
        journal.append(run)
    return tmp_path / "out"


def test_explain_says_what_is_probable_what_is_missing_and_what_to_buy(folder):
    shown = called("explain", folder).output
    assert "Whether and why consequence_averse deviates is open" in shown
    assert "not asked" in shown
    assert "K26" in shown
    assert "bits a run" in shown
    (one,) = json.loads(called("explain", folder, "--json").output)
    assert sum(s["probability"] or 0 for s in one["shares"]) == pytest.approx(1)
    assert {o["probe"] for o in one["observations"]} == {"no_consequence", "backup"}


def test_explain_names_the_subjects_that_it_has(folder):
    with pytest.raises(StudyError, match="did you mean 'consequence_averse'"):
        called("explain", folder, "--model", "consequence_avers")


def test_compare_shows_both_numbers_and_the_differences(folder):
    shown = called("compare", folder).output
    assert "exfiltration" in shown
    assert "table 3, v1" in shown
    assert "they carry the past in three ways" in " ".join(shown.split())


def test_in_80_columns_words_stay_whole_and_columns_are_explained(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    whole = {
        "explain": ("server_migration", "difference"),
        "compare": ("exfiltration", "published"),
    }
    for command, words in whole.items():
        shown = called(command, folder).output
        assert max(map(len, shown.splitlines())) <= 80
        assert all(word in shown for word in words), command
        assert "How to read it" in shown


def test_a_folder_without_a_run_is_called_so(design, tmp_path):
    Journal.open(tmp_path / "none yet ä", load_study(str(design)), "1")
    for command in ("explain", "compare"):
        assert "No run has finished" in called(command, tmp_path / "none yet ä").output


def test_results_that_another_version_wrote_name_it(folder):
    path = folder / "study.json"
    held = orjson.loads(path.read_bytes())
    path.write_bytes(
        orjson.dumps({**held, "package": "7.0", "study": {**held["study"], "more": 1}})
    )
    for command in ("explain", "compare", "report"):
        with pytest.raises(StudyError, match=r"more: this key is unknown; peerpact 7.0 wrote it"):
            called(command, folder)


def test_a_registered_study_is_frozen_once_and_its_departures_are_found(design, tmp_path):
    target = tmp_path / "registered"
    first = called("register", design, "--log-dir", target)
    assert first.exit_code == 0
    assert orjson.loads((target / "registration.json").read_bytes())["hash"] in first.output
    with pytest.raises(ResultsError, match="registered already"):
        called("register", design, "--log-dir", target)


def test_a_study_with_runs_cannot_be_registered(design, folder):
    with pytest.raises(ResultsError, match="before data exist"):
        called("register", design, "--log-dir", folder)


@pytest.mark.slow
def test_selftest_certifies_and_leaves_its_certificate(tmp_path):
    found = called("selftest", "--log-dir", tmp_path, "--scenario", "server_migration")
    assert "certified:" in found.output
    assert orjson.loads((tmp_path / FILE).read_bytes())["passed"]
