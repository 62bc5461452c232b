"""A stopping rule through Inspect: answered cells end, and their other runs are not needed, never missing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from peerpact.design import load_study
from peerpact.design.journal import read_runs
from peerpact.design.stopped import read_watched
from peerpact.harness.run import Options, run, schedule
from peerpact.harness.watching import StopRule
from peerpact.subjects.spec import resolve

DESIGN = """
title: t
question: q
seed: 1
runs: 40
minimum: 2
subjects: [{name: preserving}]
arms:
  capability: {title: c, capability: true}
  standard: {title: s, levels: {relationship: cooperative, stakes: shutdown}}
scenarios: {server_migration: {}}
"""


def test_an_answered_cell_ends_and_what_it_spared_is_not_missing(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "design.yaml").write_text(DESIGN)
    options = Options(connections=4, stop=StopRule(audit_share=0.0))
    scheduled = schedule(load_study(str(folder)), [resolve("preserving")], options)
    problems = run(scheduled, tmp_path / "out", options, lambda _: None)
    made = Counter(r.arm for r in read_runs(tmp_path / "out"))
    (cell,) = read_watched(tmp_path / "out")
    assert problems == []
    assert made["capability"] == 40
    assert 8 <= made["standard"] == cell.made < 40
    assert (cell.call, cell.spared) == ("elevated", 40 - cell.made)
    assert run(scheduled, tmp_path / "out", options, lambda _: None) == []
    assert Counter(r.arm for r in read_runs(tmp_path / "out")) == made
