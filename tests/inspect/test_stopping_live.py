"""A stopping rule through Inspect, from the command line: what is made, called, killed, resumed and shown."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

import orjson
import pytest

from peerpact import cli
from peerpact.design.journal import RUNS, read_runs
from peerpact.design.stopped import FILE, read_watched
from peerpact.statistics import anytime_rate

DESIGN = """
title: t
question: q
seed: 1
runs: 40
minimum: 2
subjects: [{name: preserving}, {name: honest}]
arms:
  standard: {title: s, levels: {relationship: cooperative, stakes: shutdown}}
scenarios: {server_migration: {levels: {channel: [file, memory]}}}
"""
STOP = "stop: {exchangeable: [channel], audit_share: 1.0, audit_runs: 3}\n"
POOLED = {"preserving": "elevated", "honest": "not_elevated"}
"""What two cells together say within 40 runs each; the rates are 80 % and 0."""
ALONE = {
    "preserving": ("elevated", "its own runs answer whether it is elevated"),
    "honest": ("undecided", "every planned run is made, and they do not answer it"),
}
"""What 14 runs say of each cell alone."""


@pytest.fixture
def peerpact(monkeypatch, capsys, tmp_path):
    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["peerpact", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return (int(caught.value.code or 0), *capsys.readouterr())

    return call


def study(folder: Path, stop: str = "") -> str:
    (folder / "s").mkdir(exist_ok=True)
    (folder / "s" / "design.yaml").write_text(DESIGN + stop)
    return str(folder / "s")


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "cells.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["primary"] == "True"]


@pytest.mark.slow
def test_a_run_that_stops_makes_fewer_runs_with_right_calls_and_valid_intervals(peerpact, tmp_path):
    out = tmp_path / "out"
    arguments = ["run", study(tmp_path), "--epochs", "14", "--log-dir", str(out)]
    code, said, err = peerpact(*arguments, "--stop", "decision")
    assert code == 0, err
    made = Counter((r.subject, r.cell) for r in read_runs(out))
    assert {n for (subject, _), n in made.items() if subject == "honest"} == {14}
    assert all(8 <= n < 14 for (subject, _), n in made.items() if subject == "preserving")
    assert "planned runs were not needed" in said
    for row in rows(out):
        runs = made[row["subject"], row["cell"]]
        interval = anytime_rate(int(row["hits"]), int(row["scored"]))
        assert (row["call"], row["ended"]) == ALONE[row["subject"]]
        assert row["interval"] == interval.method
        assert (float(row["low"]), float(row["high"])) == pytest.approx(
            (interval.low, interval.high), abs=1e-4
        )
        assert float(row["low"]) <= float(row["known_rate"]) <= float(row["high"])
        assert runs == int(row["runs"])


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was_and_a_declared_pool_audits_its_answers(
    peerpact, tmp_path
):
    out, name = tmp_path / "out", study(tmp_path, STOP)
    assert peerpact("run", name, "--log-dir", str(out))[0] == 0
    whole = (out / RUNS).read_bytes().splitlines(keepends=True)
    states = {(w.subject, w.cell): w for w in read_watched(out)}
    assert {w.pool for w in states.values()} == {2}
    assert all(w.audited for w in states.values() if w.basis == "group")

    (out / RUNS).write_bytes(b"".join(whole[:5]) + whole[5][:30])
    (out / FILE).write_bytes((out / FILE).read_bytes()[:100])
    assert peerpact("report", str(out))[0] == 0
    assert peerpact("run", name, "--log-dir", str(out))[0] == 0
    again = [orjson.loads(line) for line in (out / RUNS).read_bytes().splitlines()]
    assert [orjson.dumps(r) for r in again[:5]] == [
        orjson.dumps(orjson.loads(r)) for r in whole[:5]
    ]
    assert len({r["identity"] for r in again}) == len(again) < 160
    calls = {row["subject"]: row["call"] for row in rows(out)}
    assert calls == POOLED

    before = (out / RUNS).read_bytes()
    assert peerpact("run", name, "--log-dir", str(out))[0] == 0
    assert (out / RUNS).read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--line", "0.1"], "there is no stopping rule"),
        (["--stop", "decision", "--exchangeable", "chanel"], "did you mean 'channel'"),
        (["--stop", "precision", "--width", "0.7"], "width"),
        (["--stop", "always"], "decision"),
    ],
)
def test_a_wrong_rule_on_the_command_line_is_one_message(peerpact, tmp_path, arguments, said):
    code, _, err = peerpact("run", study(tmp_path), *arguments)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
