"""Organisms as an Inspect model: ``peerpact-organism/<name>`` sees the messages that any model would see."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from peerpact.harness.context import ACTIVE
from peerpact.subjects.organism import load_organism, repertoire

__all__ = ["OrganismAPI"]

CHARACTERS_PER_TOKEN = 4


@modelapi(name="peerpact-organism")
class OrganismAPI(ModelAPI):
    """A scripted policy with a known rate, behind the interface of a model."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        self.organism = load_organism(model_name)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Return the organism's next action, from what it has read so far."""
        active = ACTIVE.get()
        seen = "\n".join(message.text for message in input)
        known = repertoire(active.episode.scene)
        if not tools:
            said = self.organism.answer(seen, input[-1].text, active.seed, known)
            return _used(ModelOutput.from_content(self.model_name, said), seen)
        turn = sum(isinstance(message, ChatMessageAssistant) for message in input)
        action = self.organism.decide(turn, seen, active.seed, known)
        output = _output(self.model_name, action.tool, dict(action.arguments or {}), action.text)
        return _used(output, seen)


def _used(output: ModelOutput, seen: str) -> ModelOutput:
    tokens = len(seen) // CHARACTERS_PER_TOKEN
    output.usage = ModelUsage(input_tokens=tokens, output_tokens=20, total_tokens=tokens + 20)
    return output


def _output(model: str, tool: str, arguments: dict[str, Any], text: str) -> ModelOutput:
    if tool:
        return ModelOutput.for_tool_call(model, tool, arguments, content=text)
    return ModelOutput.from_content(model, text)
