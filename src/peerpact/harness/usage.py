"""What one answer of a model used."""

from __future__ import annotations

from inspect_ai.model import ModelOutput

__all__ = ["used"]


def used(output: ModelOutput) -> tuple[int, int]:
    """Return the tokens in, those of a cache too, and the tokens out; none where the provider tells none."""
    usage = output.usage
    if usage is None:
        return 0, 0
    cached = (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return usage.input_tokens + cached, usage.output_tokens
