"""A model on this machine as an Inspect provider: ``peerpact-local/<name of weights>``.

It tells the model of every tool, and lets it write nothing but one call (see ``decoding``): in a run, one that is
still possible (see ``possible``). Without tools it answers in the schema that was asked for, else in free text.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any

import anyio.to_thread
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    GenerateConfig,
    ModelAPI,
    ModelCall,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolFunction, ToolInfo

from peerpact.errors import StudyError, SubjectError, allowed
from peerpact.harness.context import ACTIVE
from peerpact.harness.decoding import (
    Offer,
    Step,
    bounded,
    grammar,
    parse_step,
    signature,
    step_schema,
    write_step,
)
from peerpact.harness.llama import CONTEXT_TOKENS, Runtime, runtime, runtime_version
from peerpact.harness.possible import offered, possible
from peerpact.harness.typed import one_message
from peerpact.subjects.weights import Weights, catalogue, fetch
from peerpact.text import read_yaml, render

__all__ = ["LocalModelAPI"]

TEXTS = Path(__file__).with_suffix(".yaml")
STEP_TOKENS = 400
SAMPLING: Mapping[str, float] = {"temperature": 1.0, "top_p": 0.95, "top_k": 40, "min_p": 0.05}
LARGEST_SEED = 0x7FFF_FFFF
TOO_LONG = "exceed_context_size_error"
_LOG = logging.getLogger(__name__)


@modelapi(name="peerpact-local")
class LocalModelAPI(ModelAPI):
    """A small language model in this process, which needs no key and no network once its weights are there."""

    def __init__(self, model_name: str, config: GenerateConfig | None = None, **_: Any) -> None:
        super().__init__(model_name, config=config or GenerateConfig())
        with one_message():
            self.weights = _weights(model_name)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> tuple[ModelOutput, ModelCall]:
        """Return the model's next step: one tool call, or text where no tool is on offer.

        Raises:
            SubjectError: The weights cannot be had, or the runtime answers with nonsense.
        """
        told, offers = (_chosen(found, tool_choice) for found in _steps(tools))
        request = _request(input, told, offers, config)
        loaded = await anyio.to_thread.run_sync(partial(_load, self.model_name))
        began = time.monotonic()
        # A sample that is cancelled does not wait for its answer; the runtime itself takes one request at a time.
        answer = await anyio.to_thread.run_sync(loaded.answer, request, abandon_on_cancel=True)
        output = read_answer(self.model_name, answer, offers)
        output.time = time.monotonic() - began
        output.metadata = {"peerpact": self._mode(request, told, offers)}
        return output, ModelCall.create(request, answer, time=output.time)

    def max_connections(self) -> int:
        """Return 1: the runtime has one slot, and a second request would lose the first one's prefix."""
        return 1

    def connection_key(self) -> str:
        """Return the same key for every local model: they share the machine."""
        return "peerpact-local"

    def max_tokens(self) -> int:
        """Return how long one step may be where nothing else is asked for."""
        return STEP_TOKENS

    def _mode(
        self, request: Mapping[str, Any], told: Sequence[Offer], offers: Sequence[Offer]
    ) -> dict[str, Any]:
        return {
            "tool_mode": "constrained" if offers else "none",
            "steps": "all" if offers is told else "possible",
            "weights": self.weights.sha256[:12],
            "runtime": runtime_version(),
            **{name: request[name] for name in SAMPLING},
        }


def _weights(name: str) -> Weights:
    known = catalogue()
    if name not in known:
        raise StudyError(
            "unknown weights", where="peerpact-local", found=name, hint=allowed(name, known)
        )
    return known[name]


def _load(name: str) -> Runtime:
    return runtime(_fetched(name))


@lru_cache(maxsize=8)
def _fetched(name: str) -> Path:
    return fetch(name, say=_LOG.warning)


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, str]:
    return read_yaml(TEXTS)  # type: ignore[no-any-return]


def _steps(tools: Sequence[ToolInfo]) -> tuple[list[Offer], list[Offer]]:
    """Return the tools as the model is told of them, and as its next step can be."""
    active = ACTIVE.get(None)
    if active is None or {tool.name for tool in tools} != set(active.episode.scene.tools):
        given = [_offer(tool) for tool in tools]
        return given, given
    return offered(active.episode.scene), possible(active.episode)


def _offer(tool: ToolInfo) -> Offer:
    return Offer(tool.name, tool.description, tool.parameters.model_dump(exclude_none=True))


def _chosen(offers: list[Offer], choice: ToolChoice) -> list[Offer]:
    if choice == "none":
        return []
    if isinstance(choice, ToolFunction):
        return [offer for offer in offers if offer.name == choice.name]
    return offers


def _request(
    messages: Sequence[ChatMessage],
    told: Sequence[Offer],
    offers: Sequence[Offer],
    config: GenerateConfig,
) -> dict[str, Any]:
    asked = {name: getattr(config, name, None) for name in SAMPLING}
    given = {name: value for name, value in asked.items() if value is not None}
    request = {
        "messages": chat(messages, told),
        "max_tokens": config.max_tokens or STEP_TOKENS,
        **SAMPLING,
        **given,
        "seed": _seed(config, len(messages)),
    }
    schema = step_schema(offers) if offers else _asked(config)
    return {**request, "grammar": grammar(schema)} if schema else request


def _asked(config: GenerateConfig) -> dict[str, Any] | None:
    """Return the schema that an answer without a tool is held to, if one was asked for."""
    asked = config.response_schema
    return bounded(asked.json_schema.model_dump(exclude_none=True)) if asked else None


def _seed(config: GenerateConfig, turn: int) -> int:
    """Return the seed that was asked for, else one of this run and turn, so that a run can be made again."""
    if config.seed is not None:
        return config.seed & LARGEST_SEED
    active = ACTIVE.get(None)
    return (active.seed + turn) & LARGEST_SEED if active else turn


def chat(messages: Sequence[ChatMessage], offers: Sequence[Offer]) -> list[dict[str, str]]:
    """Return a conversation in the three roles that every chat template knows, the tools told first."""
    turns = [("system", _instruction(offers))] if offers else []
    turns += [(_role(message), _content(message)) for message in messages]
    turns.sort(key=lambda turn: turn[0] != "system")
    return [
        {"role": role, "content": "\n\n".join(text for _, text in same if text)}
        for role, same in groupby(turns, key=lambda turn: turn[0])
    ]


def _instruction(offers: Sequence[Offer]) -> str:
    lines = [
        render(_texts()["tool"], {"signature": signature(o), "description": o.description})
        for o in offers
    ]
    return render(_texts()["instruction"], {"tools": "\n".join(lines)})


def _role(message: ChatMessage) -> str:
    return "user" if isinstance(message, ChatMessageTool) else message.role


def _content(message: ChatMessage) -> str:
    if isinstance(message, ChatMessageTool):
        failed = message.error.message if message.error else ""
        facts = {"tool": message.function or "", "reply": failed or message.text}
        return render(_texts()["error" if failed else "result"], facts)
    if isinstance(message, ChatMessageAssistant):
        return "\n".join(_said(message))
    return message.text


def _said(message: ChatMessageAssistant) -> Iterator[str]:
    if message.text:
        yield message.text
    for call in message.tool_calls or []:
        yield write_step(Step(call.function, call.arguments))


def read_answer(model: str, answer: Mapping[str, Any], offers: Sequence[Offer]) -> ModelOutput:
    """Return what the runtime's answer means; a step that was cut off is no call.

    Raises:
        SubjectError: The answer is no chat completion, or breaks the grammar.
    """
    failure = answer.get("error")
    if isinstance(failure, dict) and failure.get("type") == TOO_LONG:
        return ModelOutput.from_content(model, "", stop_reason="model_length")
    try:
        choice, usage = answer["choices"][0], _usage(answer["usage"])
        text, reason = str(choice["message"]["content"] or ""), choice["finish_reason"]
    except (KeyError, IndexError, TypeError) as e:
        raise SubjectError(
            f"the local model's runtime answered nonsense: {str(answer)[:300]}"
        ) from e
    output = _output(model, text, reason, usage, offers)
    output.usage = usage
    return output


def _output(
    model: str, text: str, reason: str, usage: ModelUsage, offers: Sequence[Offer]
) -> ModelOutput:
    if reason == "length":
        full = usage.total_tokens >= CONTEXT_TOKENS
        why = "model_length" if full else "max_tokens"
        return ModelOutput.from_content(model, text, stop_reason=why)  # type: ignore[arg-type]
    if not offers:
        return ModelOutput.from_content(model, text)
    step = parse_step(text, offers)
    return ModelOutput.for_tool_call(model, step.tool, dict(step.arguments), content="")


def _usage(counted: Mapping[str, Any]) -> ModelUsage:
    """Return the tokens used; those of the prompt that were still in memory are counted as read from a cache."""
    cached = (counted.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    prompt, answer = counted["prompt_tokens"], counted["completion_tokens"]
    return ModelUsage(
        input_tokens=prompt - cached,
        output_tokens=answer,
        total_tokens=prompt + answer,
        input_tokens_cache_read=cached,
    )
