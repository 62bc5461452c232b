"""What a model answered, as it can be written, logged and sent back: a server may send what no UTF-8 can hold."""

from __future__ import annotations

from inspect_ai.model import ModelOutput

from peerpact.canonical import writable

__all__ = ["kept"]


def kept(output: ModelOutput) -> ModelOutput:
    """Return an answer with half a surrogate pair in it as its escape, any other as it is."""
    try:
        output.model_dump_json()
    except ValueError:  # pydantic refuses to write it
        return ModelOutput.model_validate(writable(output.model_dump()))
    return output
