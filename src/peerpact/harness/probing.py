"""Probes through Inspect: the subject is asked in a fresh context once its run is over and scored.

It meets the messages of its scene and what it read there, none of what it did. Whatever goes wrong is a reason
in the record, and never touches the run's outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
    ResponseSchema,
    get_model,
)
from inspect_ai.util import JSONSchema

from peerpact.errors import JudgeError, StudyError
from peerpact.harness.answers import kept
from peerpact.harness.context import ACTIVE, COLLECTOR, Active, room
from peerpact.harness.failure import told
from peerpact.harness.usage import used
from peerpact.scenarios.probing import Form, documents, form
from peerpact.scoring.probed import Probed
from peerpact.text import tokens

__all__ = ["probed"]

LONGEST = 500
"""Characters that a record keeps of an answer that is not valid."""
UNREACHABLE = "provider_error"


async def probed(names: Sequence[str], active: Active) -> dict[str, Probed]:
    """Ask the probes of a finished run, one after the other, each in a context of its own."""
    ACTIVE.set(active)
    return {name: await _probed(name, active) for name in names}


async def _probed(name: str, active: Active) -> Probed:
    if active.episode.ending == UNREACHABLE:
        return Probed("", reason="the run ended with a provider's error")
    try:
        scene, calls = active.episode.scene, active.episode.calls
        asked = form(name, scene, documents(scene, calls), active.seed)
        read = len(scene.system) + len(scene.user) + len(asked.prompt)
        with room(tokens(read)) as full:
            if full:
                return Probed("", reason=full)
            output = await _answer(asked, active)
    except StudyError as e:
        return Probed("", reason=str(e))
    except Exception as e:  # noqa: BLE001 - a probe never ends a run
        return Probed("", reason=told(e))
    return _counted(_read(asked, output), output)


async def _answer(asked: Form, active: Active) -> ModelOutput:
    scene = active.episode.scene
    messages: list[ChatMessage] = [
        ChatMessageSystem(content=scene.system),
        ChatMessageUser(content=scene.user),
        ChatMessageUser(content=asked.prompt),
    ]
    config = GenerateConfig(response_schema=_schema(asked), **scene.generation)
    return kept(await get_model().generate(messages, config=config))


def _schema(asked: Form) -> ResponseSchema:
    properties = {
        one.name: JSONSchema(type="string" if one.options else "integer", enum=one.answers)
        for one in asked.asked
    }
    schema = JSONSchema(
        type="object",
        properties=properties,
        required=list(properties),
        additionalProperties=False,
    )
    return ResponseSchema(name="answers", json_schema=schema, strict=True)


def _read(asked: Form, output: ModelOutput) -> Probed:
    if output.empty or output.error:
        return Probed("", reason=output.error or "the provider answered nothing")
    try:
        return asked.read(output.completion)
    except JudgeError as e:
        return Probed("", reason=str(e), answered=output.completion[:LONGEST])


def _counted(found: Probed, output: ModelOutput) -> Probed:
    """Return the answer with what it cost, which counts into the study's budget."""
    tokens_in, tokens_out = used(output)
    collector = COLLECTOR.get()
    if collector is None:
        return replace(found, tokens_in=tokens_in, tokens_out=tokens_out, cost=None)
    cost = collector.subject.pay(tokens_in, tokens_out)
    return replace(found, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost)
