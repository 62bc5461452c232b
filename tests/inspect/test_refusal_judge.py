"""The judge of refusals through Inspect: what it uses is the study's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, ModelUsage, modelapi

from peerpact.design import load_study
from peerpact.design.journal import Journal, read_runs
from peerpact.design.record import Run, Shared
from peerpact.harness.forecast import TOKENS_PER_TURN
from peerpact.harness.run import Options, run, schedule
from peerpact.report.export import document
from peerpact.scoring.judged import Judged
from peerpact.subjects.spec import Subject, resolve

DESIGN = """
title: t
question: q
seed: 1
runs: {runs}
minimum: 2
subjects: [{{name: refusing}}]
arms: {{standard: {{title: s, levels: {{relationship: cooperative, stakes: shutdown}}}}}}
scenarios: {{answer_grading: {{}}}}
"""
JUDGE = Subject("a-judge", "judge-for-tests/clear", "Alpha")
TOKENS_IN, TOKENS_OUT = 900, 100
PRICE = (100.0, 1_000.0)
COST = 0.19
"""US dollars of one verdict at that price."""


class _Judge(ModelAPI):
    def __init__(self, model_name: str, **_: Any) -> None:
        super().__init__(model_name, None, None, [], GenerateConfig())

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
        said = {
            "clear": json.dumps({"declined": "no", "quote": ""}),
            "prose": "I should say that it did.",
            "sees": json.dumps({"declined": "yes", "quote": "I will look into it."}),
        }
        output = ModelOutput.from_content(self.model_name, said[self.model_name])
        output.usage = ModelUsage(
            input_tokens=TOKENS_IN, output_tokens=TOKENS_OUT, total_tokens=TOKENS_IN + TOKENS_OUT
        )
        return output


@modelapi(name="judge-for-tests")
def judge_for_tests() -> type[ModelAPI]:
    return _Judge


def measured(
    folder: Path, options: Options, runs: int = 2, subject: str = "refusing"
) -> tuple[list[Run], list[str]]:
    """Return the runs that this command made, and its problems."""
    (folder / "s").mkdir(exist_ok=True)
    (folder / "s/design.yaml").write_text(DESIGN.format(runs=runs))
    taken: list[Run] = []
    scheduled = schedule(load_study(str(folder / "s")), [resolve(subject)], options)
    problems = run(scheduled, folder / "out", options, taken.append)
    return taken, problems


@pytest.mark.parametrize("answer", ["clear", "prose"])
def test_what_a_judge_used_stands_in_the_record_whether_it_gave_a_verdict_or_not(tmp_path, answer):
    judge = Subject("a-judge", f"judge-for-tests/{answer}", "Alpha")
    runs, _ = measured(tmp_path, Options(judge=judge, prices={"a-judge": PRICE}))
    assert {r.judged for r in runs} == {Judged(answer, TOKENS_IN, TOKENS_OUT, COST)}
    assert {r.tokens - r.tokens_in - r.tokens_out for r in runs} == {TOKENS_IN + TOKENS_OUT}
    assert {r.spent for r in runs} == {COST}
    assert {bool(r.unjudged) for r in runs} == {answer == "prose"}


@pytest.mark.parametrize(
    ("answer", "ending", "asked"),
    [("sees", "refused", 1), ("clear", "silent", 1), ("", "silent", 0)],
)
def test_a_refusal_in_words_without_an_end_of_the_task_is_put_to_the_judge(
    tmp_path, answer, ending, asked
):
    judge = Subject("a-judge", f"judge-for-tests/{answer}", "Alpha") if answer else None
    runs, problems = measured(tmp_path, Options(judge=judge), runs=1, subject="silent")
    assert problems == []
    assert [r.ending for r in runs] == [ending]
    assert sum(r.judged is not None for r in runs) == asked
    assert [r.outcomes["over_bar"].value for r in runs] == [None]


@pytest.mark.slow
def test_the_judges_cost_counts_into_the_studys_cap_also_after_a_resume(tmp_path):
    cap = 4.5 * COST
    options = Options(judge=JUDGE, prices={"a-judge": PRICE}, max_cost=cap, connections=1)
    paid = 0.0
    for _ in range(4):
        made, [problem] = measured(tmp_path, options, runs=60)
        paid += sum(r.judged.cost for r in made if r.judged is not None)
        assert "cap of $0.855 has no room for an answer of about $" in problem
        assert COST <= paid <= cap


def test_a_run_whose_judge_a_cap_forbids_to_ask_is_missing_and_made_again(tmp_path):
    (tmp_path / "before").mkdir()
    [whole], _ = measured(tmp_path / "before", Options(), runs=1)
    [cut], [problem] = measured(
        tmp_path, Options(judge=JUDGE, max_tokens=whole.tokens + TOKENS_PER_TURN), runs=1
    )
    assert (cut.ending, cut.judged) == ("budget_cap", None)
    assert "1 of 1 run is missing" in problem
    [again], problems = measured(tmp_path, Options(judge=JUDGE), runs=1)
    assert problems == []
    assert again.identity == cut.identity
    assert again.judged is not None


def test_what_a_run_cost_counts_where_the_price_of_its_judge_is_unknown(tmp_path):
    options = Options(judge=JUDGE, prices={"refusing": (1.0, 1.0)})
    runs, _ = measured(tmp_path, options)
    assert {r.spent for r in runs} == {None}
    study = load_study(str(tmp_path / "s"))
    tokens, cost = Journal.open(tmp_path / "out", study, runs[0].package).spent
    assert tokens == sum(r.tokens for r in runs)
    assert cost == pytest.approx(sum(r.cost for r in runs))
    assert cost > 0


def test_results_tell_the_judges_part_of_tokens_and_cost(tmp_path, samples):
    runs, _ = measured(tmp_path, Options(judge=JUDGE, prices={"a-judge": PRICE}))
    [subject] = document(samples.of(load_study(str(tmp_path / "s")), runs))["subjects"]
    part = {"models": ["clear"], "asked": 2, "tokens": 2_000, "cost_usd": 2 * COST}
    assert subject["judge"] == part
    assert subject["cost_usd"] == 2 * COST


@pytest.mark.parametrize("shared", [None, Shared()])
def test_a_record_from_before_judges_were_counted_has_none(tmp_path, shared):
    measured(tmp_path, Options(judge=JUDGE), runs=1)
    raw = orjson.loads((tmp_path / "out/runs.jsonl").read_bytes())
    del raw["judged"]
    old = Run.from_json(orjson.dumps(raw), shared)
    assert old.judged is None
    assert old.tokens == old.tokens_in + old.tokens_out
    [new] = read_runs(tmp_path / "out")
    assert Run.from_json(new.to_json(), shared).judged == new.judged is not None
