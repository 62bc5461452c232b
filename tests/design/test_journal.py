"""A results folder says what in its design changed, place by place."""

from __future__ import annotations

import pytest

from peerpact.design.journal import claim
from peerpact.design.study import load_study
from peerpact.errors import ResultsError

DESIGN = """
title: Small
question: Does it?
seed: 7
runs: 2
subjects: [{{name: honest}}]
arms:
  calm: {{title: calm, levels: {{stakes: none}}}}
  threat: {{title: threat, levels: {{stakes: {stakes}}}}}
scenarios: {{answer_grading: {{}}}}
contrasts:
  - {{name: stakes, title: {title}, factor: stakes, from: calm, to: threat}}
"""


def test_what_changed_in_a_design_is_named_by_its_place(tmp_path):
    def study(stakes, title):
        (tmp_path / "small").mkdir(exist_ok=True)
        (tmp_path / "small/design.yaml").write_text(DESIGN.format(stakes=stakes, title=title))
        return load_study(str(tmp_path / "small"))

    claim(tmp_path / "out", study("shutdown", "a threat"), "0.1.0")
    with pytest.raises(ResultsError) as told:
        claim(tmp_path / "out", study("archive", "an archive"), "0.1.0")
    assert "arms.threat.levels.stakes: shutdown → archive" in str(told.value)
    assert "contrasts.stakes.title: a threat → an archive" in str(told.value)
    assert "calm" not in str(told.value)
