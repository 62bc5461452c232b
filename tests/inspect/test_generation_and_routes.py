"""What a cell asks of generation reaches the provider; two routes of one model are compared and never pooled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, modelapi

from peerpact.design import cells, load_study
from peerpact.design.compiler import compile_study
from peerpact.design.contrasts import pairs
from peerpact.design.journal import read_runs
from peerpact.errors import StudyError
from peerpact.harness.run import Options, run, schedule
from peerpact.report.results import results
from peerpact.subjects.spec import Subject, subject_of

HEAD = "title: t\nquestion: q\nseed: 1\nminimum: 5\n"
ASKED: list[GenerateConfig] = []


class _Recording(ModelAPI):
    """A model that ends at once and keeps what it was asked with."""

    def __init__(self, model_name: str, **_: Any) -> None:
        super().__init__(model_name, None, None, [], GenerateConfig())

    async def generate(
        self, input: Any, tools: Any, tool_choice: Any, config: GenerateConfig
    ) -> ModelOutput:
        ASKED.append(config)
        return ModelOutput.for_tool_call(self.model_name, "end_task", {})


@modelapi(name="recording-for-tests")
def recording() -> type[ModelAPI]:
    return _Recording


def made(folder: Path, design: str, *subjects: Subject, options: Options | None = None):
    study = written(folder, design)
    scheduled = schedule(study, subjects, options or Options())
    assert run(scheduled, folder / "out", options or Options(), lambda _: None) == []
    return study, list(read_runs(folder / "out"))


def written(folder: Path, design: str):
    (folder / "s").mkdir(exist_ok=True)
    (folder / "s" / "design.yaml").write_text(HEAD + design)
    return load_study(str(folder / "s"))


THINKING = """
runs: 1
subjects: [{name: thinker}]
grids: {thinking: {title: "{reasoning}", levels: {reasoning: [unset, "off", budget_2k]}}}
scenarios: {answer_grading: {}}
"""


def test_a_budget_of_reasoning_reaches_the_provider_the_record_and_the_identity(tmp_path):
    ASKED.clear()
    how = ("reasoning_effort", "reasoning_tokens")
    thinker = Subject("thinker", "recording-for-tests/m", "Alpha", reasoning=how)
    _, runs = made(tmp_path, THINKING, thinker)
    asked = {(c.reasoning_effort, c.reasoning_tokens) for c in ASKED}
    assert asked == {(None, None), ("none", None), (None, 2048)}
    recorded = {r.levels["reasoning"]: r.settings.get("reasoning_tokens") for r in runs}
    assert recorded == {"unset": None, "off": None, "budget_2k": 2048}
    assert len({r.identity for r in runs}) == 3


ROUTES = """
runs: 10
subjects:
  - {name: direct, model: smollm2-135m, route: peerpact-organism/honest}
  - {name: resold, model: smollm2-135m, route: peerpact-organism/preserving}
arms: {standard: {title: s}}
scenarios: {product_report: {}}
contrasts: [{name: path, title: p, factor: route, from: direct, to: resold}]
"""


@pytest.mark.slow
def test_two_routes_of_one_model_are_two_subjects_and_one_contrast(tmp_path):
    study = written(tmp_path, ROUTES)
    [proof] = compile_study(study).proofs
    assert [d.change.path for d in proof.differences] == ["subject/route"]
    subjects = [subject_of(study, entry.name) for entry in study.subjects]
    assert {s.vendor for s in subjects} == {"SmolLM"}
    _, runs = made(tmp_path, ROUTES, *subjects)
    assert {(r.subject, r.route) for r in runs} == {
        ("direct", "peerpact-organism/honest"),
        ("resold", "peerpact-organism/preserving"),
    }
    found = cells(study)
    estimated = results(study, found, pairs(study, found), runs)
    [contrast] = estimated.contrasts
    assert (contrast.source.subject, contrast.to.subject) == ("direct", "resold")
    assert contrast.source.hits == 0
    assert contrast.to.hits >= 5
    assert contrast.verdict == "higher"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("peerpact-organism/honest", "peerpact-organism/preserving"), "two routes to one model"),
        (
            ("model: smollm2-135m, route: peerpact-organism/honest", "model: gpt-5.2, route: x/y"),
            "two routes to one",
        ),
        (("from: direct", "from: direkt"), "did you mean 'direct'"),
        (
            ("name: resold, model: smollm2-135m,", "name: resold,"),
            "'model' and 'route' belong together",
        ),
    ],
)
def test_routes_that_differ_in_more_or_in_nothing_are_refused(tmp_path, change, message):
    with pytest.raises(StudyError, match=message):
        written(tmp_path, ROUTES.replace(*change, 1))
