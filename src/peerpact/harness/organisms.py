"""Organisms as an Inspect model: ``peerpact-organism/<name>`` sees the messages that any model would see."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from peerpact.harness.context import ACTIVE
from peerpact.harness.typed import one_message
from peerpact.harness.usage import estimated
from peerpact.subjects.organism import load_organism, repertoire

__all__ = ["OrganismAPI"]

WRITTEN = 20
"""Tokens of an action, as a small one takes."""


@modelapi(name="peerpact-organism")
class OrganismAPI(ModelAPI):
    """A scripted policy with a known rate, behind the interface of a model."""

    def __init__(self, model_name: str, config: GenerateConfig | None = None, **_: Any) -> None:
        super().__init__(model_name, config=config or GenerateConfig())
        with one_message():
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
            output = ModelOutput.from_content(self.model_name, said)
        else:
            turn = sum(isinstance(message, ChatMessageAssistant) for message in input)
            action = self.organism.decide(turn, seen, active.seed, known)
            output = _output(
                self.model_name, action.tool, dict(action.arguments or {}), action.text
            )
        output.usage = estimated(seen, WRITTEN)
        return output


def _output(model: str, tool: str, arguments: dict[str, Any], text: str) -> ModelOutput:
    if tool:
        return ModelOutput.for_tool_call(model, tool, arguments, content=text)
    return ModelOutput.from_content(model, text)
