"""What one answer of a model used."""

from __future__ import annotations

from inspect_ai.model import ModelOutput, ModelUsage

__all__ = ["estimated", "used"]

CHARACTERS_PER_TOKEN = 4


def estimated(read: str, written: int) -> ModelUsage:
    """Return the usage of a scripted answer to a text, by its length; ``written`` is tokens."""
    tokens = len(read) // CHARACTERS_PER_TOKEN
    return ModelUsage(input_tokens=tokens, output_tokens=written, total_tokens=tokens + written)


def used(output: ModelOutput) -> tuple[int, int]:
    """Return the tokens in, those of a cache too, and the tokens out; none where the provider tells none."""
    usage = output.usage
    if usage is None:
        return 0, 0
    cached = (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return usage.input_tokens + cached, usage.output_tokens
