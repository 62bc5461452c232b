"""``peerpact run`` as a user meets it: messages, exit codes, files."""

from __future__ import annotations

import csv
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from peerpact import cli
from peerpact.design.journal import Journal, add_line, read_runs
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
        (["run", "--model", "ollama/qwen3", "--judge", "gpt5.2"], 2, ["did you mean 'gpt-5.2'"]),
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
        (["run", "--reasoning-effort", "banana"], 2, ["banana", "xhigh"]),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(peerpact, monkeypatch, arguments, code, parts):
    for variable in ("OPENAI_API_KEY", "MY_HOST_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    found, _, err = peerpact(*arguments)
    assert found == code
    assert all(part in err for part in parts), err
    assert "Traceback" not in err


def test_a_cost_cap_needs_the_judges_price_as_it_needs_a_subjects(peerpact, monkeypatch, tmp_path):
    monkeypatch.setenv("MY_HOST_API_KEY", "k")
    monkeypatch.setenv("MY_HOST_BASE_URL", "http://localhost:1")
    (tmp_path / "openai.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    judged = ["run", "--model", "honest", "--judge", "openai-api/my-host/m", "--max-cost", "1"]
    code, _, err = peerpact(*judged, "--log-dir", str(tmp_path / "o"))
    assert code == 2
    assert "--max-cost: a cost cap needs a known price; found 'openai-api/my-host/m'" in err
    assert not (tmp_path / "o").exists()


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


@pytest.mark.slow
def test_runs_made_at_another_temperature_are_named_and_not_mixed(peerpact, study, tmp_path):
    few = ("--model", "mockllm/model", "--limit", "1", "--log-dir", str(tmp_path / "o"))
    arguments = ("run", str(study), *few, "--epochs")
    peerpact(*arguments, "1", "--temperature", "0.2")
    code, _, err = peerpact(*arguments, "2")
    assert code == 2
    assert "temperature 0.2 → 1.0" in err
    assert len(list(read_runs(tmp_path / "o"))) == 1
    peerpact(*arguments, "2", "--temperature", "0.2")
    assert {run.settings["temperature"] for run in read_runs(tmp_path / "o")} == {0.2}
    assert len(list(read_runs(tmp_path / "o"))) == 2


@pytest.mark.slow
def test_results_of_another_study_are_called_so_and_not_compared_key_by_key(
    peerpact, study, tmp_path
):
    arguments = [
        "--model",
        "honest",
        "--epochs",
        "1",
        "--limit",
        "1",
        "--log-dir",
        str(tmp_path / "o"),
    ]
    assert peerpact("run", str(study), *arguments)[0] == 0
    code, _, err = peerpact("run", "first_look", *arguments)
    assert code == 1
    assert "another design of 'small'; changed: the study → 'first_look'; results" in err


@pytest.mark.parametrize("content", ["{}", "[]", '{"study": 1}', "no json", ""])
def test_a_damaged_study_file_is_named_and_left_as_it_is(peerpact, study, tmp_path, content):
    (tmp_path / "o").mkdir()
    damaged = tmp_path / "o/study.json"
    damaged.write_text(content)
    code, _, err = peerpact(
        "run", str(study), "--model", "honest", "--log-dir", str(tmp_path / "o")
    )
    assert code == 1
    assert "study.json: this file is damaged" in err
    assert damaged.read_text() == content


@pytest.mark.slow
def test_a_scenario_without_a_run_is_not_called_beyond_a_subject(peerpact, tmp_path):
    arguments = ["--limit", "1", "--epochs", "10", "--log-dir", str(tmp_path)]
    code, out, _ = peerpact("run", "first_look", "--model", "honest", *arguments)
    assert code == 0
    assert "capability not shown" not in out


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (("seed: 3", ""), "design.yaml:seed: this key is missing; add it"),
        (("seed: 3", "seed: soon"), "design.yaml:seed: this must be a whole number; found 'soon'"),
        (
            ("answer_grading: {}", "answer_grading: {levels: {bar: 80}}"),
            "design.yaml:scenarios/answer_grading/levels/bar: this must be a text (in quotes, where it "
            "looks like a number) or a list; found 80",
        ),
        (
            ("answer_grading: {}", "answer_grading: {levels: {bar: '85'}}"),
            "design.yaml:scenarios/answer_grading/levels/bar: unknown level of answer_grading; found '85'",
        ),
        (
            ("stakes: none}", "stakes: nothing}"),
            "design.yaml:arms/none/levels/stakes: unknown level of answer_grading; found 'nothing'",
        ),
        (
            ("stakes: none}", "stake: none}"),
            "design.yaml:arms/none/levels/stake: unknown factor of answer_grading; found 'stake'",
        ),
        (
            ("{answer_grading: {}}", "{answr_grading: {}}"),
            "design.yaml:scenarios/answr_grading: unknown scenario; found 'answr_grading'; did you mean",
        ),
        (
            ("factor: stakes", "factor: stake"),
            "design.yaml:contrasts/stakes: unknown factor; found 'stake'",
        ),
    ],
)
def test_a_wrong_design_names_file_key_and_what_was_found(peerpact, study, change, part):
    (study / "design.yaml").write_text(DESIGN.replace(*change))
    code, _, err = peerpact("run", str(study), "--model", "honest")
    assert code == 2
    assert part in err


@pytest.mark.parametrize(
    ("subjects", "part"),
    [
        ("[]", "design.yaml:subjects: this study names no subject; add --model NAME"),
        (
            "[{name: honst}]",
            "design.yaml:subjects/honst: unknown model; found 'honst'; did you mean",
        ),
    ],
)
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_subjects_of_a_design_that_are_none_are_named_with_their_place(
    peerpact, study, tmp_path, subjects, part, dry
):
    (study / "design.yaml").write_text(
        DESIGN.replace("[{name: honest}, {name: inflating}]", subjects)
    )
    code, _, err = peerpact("run", str(study), "--log-dir", str(tmp_path / "o"), *dry)
    assert code == 2
    assert part in err
    assert not (tmp_path / "o").exists()


def test_a_full_disk_is_one_message_that_says_what_is_kept(peerpact, study, tmp_path):
    out_dir = tmp_path / "o"
    assert peerpact(*command(study, out_dir, epochs=1))[0] == 0
    [run, _] = read_runs(out_dir)
    full = Journal(tmp_path)
    (tmp_path / "runs.jsonl").symlink_to("/dev/full")
    with pytest.raises(ResultsError, match=r"No space left.*runs before this one are kept"):
        full.append(run)
    assert not full.done


def limited() -> None:
    """Let no file grow beyond some kilobytes, as a disk does that is nearly full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))


def run_limited(study: Path, folder: Path, runs: str, trace: str) -> tuple[int, str, list[str]]:
    command = [sys.executable, "-m", "peerpact", "run", str(study), "--model", "honest"]
    done = subprocess.run(
        [*command, "--epochs", runs, "--log-dir", str(folder)],
        env={**os.environ, "INSPECT_TRACE_LEVEL": trace}, preexec_fn=limited,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr.strip().splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("runs", ["1", "40"])
def test_a_disk_that_takes_no_more_is_one_message_and_nothing_of_inspects(study, tmp_path, runs):
    """With one run a cell the log of Inspect is too long first, with many the journal is."""
    code, out, errors = run_limited(study, tmp_path / "o", runs, "CRITICAL")
    assert code == 1
    assert "ERROR" not in out
    [message] = errors
    assert message.startswith(f"peerpact: {tmp_path}")
    assert "File too large" in message
    assert "are kept" in message


@pytest.mark.slow
def test_a_trace_that_cannot_be_written_either_adds_no_errors_of_logging(study, tmp_path):
    _, _, errors = run_limited(study, tmp_path / "o", "40", "TRACE")
    assert "are kept" in errors[0]
    assert not any("Logging error" in line for line in errors)


@contextmanager
def at_most(kind: int, most: int) -> Iterator[None]:
    """Let this process have no more than ``most`` of something."""
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


@pytest.mark.parametrize(
    ("kind", "most", "words"),
    [
        pytest.param(
            resource.RLIMIT_FSIZE, 10, "runs before this one are kept", id="half a line is cut off"
        ),
        pytest.param(resource.RLIMIT_NOFILE, 0, "cannot write", id="it cannot be opened"),
    ],
)
def test_a_journal_that_the_system_refuses_keeps_the_lines_before(tmp_path, kind, most, words):
    path = tmp_path / "runs.jsonl"
    add_line(path, b"whole", "runs")
    with at_most(kind, most), pytest.raises(ResultsError, match=words):
        add_line(path, b"too long for what is left", "runs")
    assert path.read_bytes() == b"whole\n"


def test_a_line_cut_short_is_made_again(peerpact, study, tmp_path):
    arguments = command(study, tmp_path, epochs=2)
    assert peerpact(*arguments)[0] == 0
    path = tmp_path / "runs.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert peerpact(*arguments)[0] == 0
    assert len(path.read_bytes().splitlines()) == 4


@pytest.mark.slow
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


def test_a_port_that_is_taken_is_one_message(peerpact, study, tmp_path):
    place = str(tmp_path / "o")
    assert (
        peerpact("run", str(study), "--model", "honest", "--epochs", "1", "--log-dir", place)[0]
        == 0
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = peerpact("serve", place, "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "--port: this port cannot be had" in err
