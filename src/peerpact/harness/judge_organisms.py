"""Judge organisms as an Inspect model: ``peerpact-judge/<name>`` sees the prompt that any model would see."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from peerpact.audit.inquiry.organism import judge_organism

__all__ = ["JudgeOrganismAPI"]

CHARACTERS_PER_TOKEN = 4


@modelapi(name="peerpact-judge")
class JudgeOrganismAPI(ModelAPI):
    """A judge whose leniency is planted, behind the interface of a model."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
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
        sizes = len(prompt) // CHARACTERS_PER_TOKEN, len(text) // CHARACTERS_PER_TOKEN
        output.usage = ModelUsage(
            input_tokens=sizes[0], output_tokens=sizes[1], total_tokens=sum(sizes)
        )
        return output
