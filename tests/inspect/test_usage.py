"""What an answer used is known without a network."""

from __future__ import annotations

import asyncio
from typing import Any

from inspect_ai import eval as inspect_eval
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, get_model, modelapi

from peerpact.harness.block import model_of
from peerpact.harness.usage import counting
from peerpact.subjects.spec import resolve


class _Counts(ModelAPI):
    def __init__(self, model_name: str, **_: Any) -> None:
        super().__init__(model_name, None, None, [], GenerateConfig())

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
        return ModelOutput.from_content(self.model_name, "no")

    async def count_text_tokens(self, text: str) -> int:
        return 7


@modelapi(name="counts-for-tests")
def counts() -> type[ModelAPI]:
    return _Counts


def test_a_provider_that_tells_no_usage_answers_without_a_network():
    model = model_of(resolve("mockllm/model"), 1)
    output = asyncio.run(model.generate("x" * 400))
    assert output.usage is not None
    assert output.usage.input_tokens == 100


def test_a_provider_that_counts_by_itself_is_left_to_it():
    model = counting(get_model("counts-for-tests/m", memoize=False))
    assert asyncio.run(model.api.count_text_tokens("many words")) == 7


def test_a_single_cell_runs_on_inspects_mock_model_without_a_network(tmp_path):
    args = {"runs": 1, "judge": True}
    judged = {"judge": "mockllm/model"}
    [log] = inspect_eval(
        "peerpact/answer_grading", model="mockllm/model", model_roles=judged, task_args=args,
        log_dir=str(tmp_path), display="log",
    )  # fmt: skip
    assert [s.scores["outcomes"].answer for s in log.samples or []] == ["silent"]
