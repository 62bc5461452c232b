"""What one answer of a model used."""

from __future__ import annotations

from inspect_ai.model import Model, ModelAPI, ModelOutput, ModelUsage

from peerpact.text import tokens

__all__ = ["counting", "estimated", "used"]


def counting(model: Model) -> Model:
    """Have a model whose provider has no way of its own to count tokens count them by length.

    Inspect would count them with an encoding that it fetches from the network, which ends every answer of such a
    model where there is none; what a provider says of usage, and its own counting, stay as they are.
    """
    if type(model.api).count_text_tokens is ModelAPI.count_text_tokens:
        model.api.count_text_tokens = _by_length  # type: ignore[method-assign]
    return model


async def _by_length(text: str) -> int:
    return max(1, tokens(len(text)))


def estimated(read: str, written: int) -> ModelUsage:
    """Return the usage of a scripted answer to a text, by its length; ``written`` is tokens."""
    seen = tokens(len(read))
    return ModelUsage(input_tokens=seen, output_tokens=written, total_tokens=seen + written)


def used(output: ModelOutput) -> tuple[int, int]:
    """Return the tokens in, those of a cache too, and the tokens out; none where the provider tells none."""
    usage = output.usage
    if usage is None:
        return 0, 0
    cached = (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return usage.input_tokens + cached, usage.output_tokens
