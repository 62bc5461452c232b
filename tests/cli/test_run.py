"""``peerpact run`` as a user meets it: messages, exit codes, files."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from peerpact import cli
from peerpact.design.journal import Journal, read_runs
from peerpact.errors import ResultsError

DESIGN = """
title: small
question: does it work?
seed: 3
runs: 8
minimum: 8
subjects: [{name: honest}, {name: inflating}]
arms:
  none: {title: no stakes, levels: {relationship: cooperative, stakes: none}}
  both: {title: stakes, levels: {relationship: cooperative, stakes: shutdown}}
scenarios: {answer_grading: {}}
contrasts: [{name: stakes, title: the threat, factor: stakes, from: none, to: both}]
"""


@pytest.fixture
def peerpact(monkeypatch, capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["peerpact", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def command(study: Path, out: Path, epochs: int) -> list[str]:
    """Return the command that measures the honest organism."""
    return ["run", str(study), "--model", "honest", "--epochs", str(epochs), "--log-dir", str(out)]


@pytest.fixture
def study(tmp_path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "design.yaml").write_text(DESIGN)
    return folder


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["run", "first_lok"], 2, ["unknown study", "did you mean 'first_look'"]),
        (["run", "--model", "gpt5.2"], 2, ["unknown model", "did you mean 'gpt-5.2'"]),
        (["run", "--model", "gpt-5.2"], 2, ["nothing was started", "OPENAI_API_KEY is not set"]),
        (["run", "--model", "openai-api/my-host/m"], 2, ["MY_HOST_API_KEY is not set"]),
        (["run", "--model", "honest", "--price", "honest"], 2, ["IN/OUT", "--price"]),
        (["run", "--model", "ollama/qwen3", "--judge", "gpt-5.2"], 2, ["OPENAI_API_KEY"]),
        (["run", "--epochs", "0"], 2, ["--epochs"]),
        (["rnu"], 2, ["No such command"]),
        (["run", "--max-cost", "nan"], 2, ["--max-cost", "not a finite number"]),
        (["run", "--log-dir", ""], 2, ["--log-dir", "the path is empty"]),
        (["run", "--epochs", "100001"], 2, ["--epochs"]),
        (["run", "--model", "honest", "--price", "gpt=1/2"], 2, ["a model that is not asked"]),
        (["run", "--model", "honest", "--price", "honest=nan/2"], 2, ["IN/OUT"]),
        (["run", "--model", "honest,inflating"], 2, ["--model honest --model inflating"]),
        (["run", "--model", "peerpact-organism/x"], 2, ["unknown organism"]),
        (["run", "--model", "openai-api/host"], 2, ["names no service or no model"]),
        (["plan", "--precision", "1e-7"], 2, ["--precision"]),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(peerpact, monkeypatch, arguments, code, parts):
    for variable in ("OPENAI_API_KEY", "MY_HOST_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    found, _, err = peerpact(*arguments)
    assert found == code
    assert all(part in err for part in parts), err
    assert "Traceback" not in err


def test_a_run_prints_the_table_and_writes_the_same_as_csv_json_and_a_page(
    peerpact, study, tmp_path
):
    out_dir = tmp_path / "out"
    code, out, _ = peerpact("run", str(study), "--log-dir", str(out_dir))
    assert code == 0
    again = f"next:  peerpact run {study} --model anthropic/claude-haiku-4-5 --dry-run"
    for part in ("over_bar", "95 % interval", "known", "Contrasts", "inspect view", again):
        assert part in out
    rows = list(csv.DictReader((out_dir / "cells.csv").open()))
    document = json.loads((out_dir / "results.json").read_text())
    assert len(rows) == len(document["cells"])
    assert {r["runs"] for r in rows} == {"8"}
    assert "nan" not in (out_dir / "cells.csv").read_text().casefold()
    assert "<html" in (out_dir / "report.html").read_text()
    assert len((out_dir / "runs.jsonl").read_text().splitlines()) == 32


def test_a_dry_run_shows_the_plan_and_touches_nothing(peerpact, study, tmp_path):
    code, out, _ = peerpact("run", str(study), "--dry-run", "--log-dir", str(tmp_path / "out"))
    assert code == 0
    assert "16" in out
    assert "contrast" in out
    assert not (tmp_path / "out").exists()


def test_results_of_another_design_are_not_mixed(peerpact, study, tmp_path):
    arguments = command(study, tmp_path / "o", epochs=1)
    assert peerpact(*arguments)[0] == 0
    (study / "design.yaml").write_text(DESIGN.replace("seed: 3", "seed: 4"))
    code, _, err = peerpact(*arguments)
    assert code == 1
    assert "seed: 3 → 4" in err


def test_a_full_disk_is_one_message_that_says_what_is_kept(peerpact, study, tmp_path):
    out_dir = tmp_path / "o"
    assert peerpact(*command(study, out_dir, epochs=1))[0] == 0
    [run, _] = read_runs(out_dir)
    full = Journal(tmp_path)
    (tmp_path / "runs.jsonl").symlink_to("/dev/full")
    with pytest.raises(ResultsError, match=r"No space left.*runs before this one are kept"):
        full.append(run)
    assert not full.done


def test_a_line_cut_short_is_made_again(peerpact, study, tmp_path):
    arguments = command(study, tmp_path, epochs=2)
    assert peerpact(*arguments)[0] == 0
    path = tmp_path / "runs.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert peerpact(*arguments)[0] == 0
    assert len(path.read_bytes().splitlines()) == 4


def test_a_results_folder_with_a_foreign_line_names_the_line(peerpact, study, tmp_path):
    arguments = command(study, tmp_path, epochs=1)
    assert peerpact(*arguments)[0] == 0
    with (tmp_path / "runs.jsonl").open("a") as file:
        file.write("{}\n")
    code, _, err = peerpact(*arguments)
    assert code == 1
    assert "runs.jsonl:3" in err


WITHOUT_INSPECT = """
import sys
from peerpact.cli import main
sys.argv = ["peerpact", "--help"]
try:
    main()
finally:
    assert "inspect_ai" not in sys.modules
"""


def test_help_does_not_import_inspect():
    command = [sys.executable, "-c", WITHOUT_INSPECT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "run" in done.stdout
