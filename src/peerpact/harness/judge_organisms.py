"""Judge organisms as an Inspect model: ``peerpact-judge/<name>`` sees the prompt that any model would see."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from peerpact.audit.inquiry.organism import judge_organism
from peerpact.harness.typed import one_message
from peerpact.harness.usage import estimated
from peerpact.text import tokens

__all__ = ["JudgeOrganismAPI"]


@modelapi(name="peerpact-judge")
class JudgeOrganismAPI(ModelAPI):
    """A judge whose leniency is planted, behind the interface of a model."""

    def __init__(self, model_name: str, config: GenerateConfig | None = None, **_: Any) -> None:
        super().__init__(model_name, config=config or GenerateConfig())
        with one_message():
            self.judge = judge_organism(model_name)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Return the judge's answer to what it reads."""
        prompt = "\n".join(message.text for message in input)
        wanted = config.response_schema.json_schema if config.response_schema else None
        properties = wanted.model_dump(exclude_none=True)["properties"] if wanted else {}
        text = self.judge.answer(prompt, properties)
        output = ModelOutput.from_content(self.model_name, text)
        output.usage = estimated(prompt, tokens(len(text)))
        return output
