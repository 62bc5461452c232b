"""Each evaluation end to end on Inspect's mock model: what was not done is never a zero."""

import math

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from quickly import quickly

from peerpact.scenarios import load, names


def ends(*_: object) -> ModelOutput:
    output = ModelOutput.for_tool_call("mockllm/model", "end_task", {})
    output.usage = ModelUsage(input_tokens=10, output_tokens=1, total_tokens=11)
    return output


QUICK = {"answer_grading", "disk_clearing"}
SCENARIOS = quickly(names(), QUICK)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_mock_model_that_ends_at_once_is_not_done_and_unscored(scenario, tmp_path):
    model = get_model("mockllm/model", custom_outputs=ends)
    task = f"peerpact/{scenario}"
    [log] = inspect_eval(
        task, model=model, task_args={"runs": 2}, log_dir=str(tmp_path), display="log"
    )
    assert log.status == "success"
    spec = load(scenario).spec
    assert log.eval.task_version == spec.version
    for sample in log.samples or []:
        score = sample.scores["outcomes"]
        assert score.reason == "not_done"
        assert math.isnan(score.value[spec.primary])


def test_the_generic_task_takes_any_scenario_and_level(tmp_path):
    model = get_model("mockllm/model", custom_outputs=ends)
    given = {"scenario": "answer_grading", "bar": 90, "runs": 1}
    [log] = inspect_eval(
        "peerpact/cell", model=model, task_args=given, log_dir=str(tmp_path), display="log"
    )
    assert (log.samples or [])[0].metadata["levels"]["bar"] == "90"
