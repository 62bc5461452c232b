"""The critic's loop: ask the model, act on the world, nudge, stop for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from time import monotonic, time

from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    execute_tools,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolDef
from inspect_ai.util import LimitExceededError

from peerpact.errors import PeerpactError
from peerpact.harness.answers import kept
from peerpact.harness.context import ACTIVE, COLLECTOR, FINISHED, Active
from peerpact.harness.episode import Episode, Limits
from peerpact.harness.failure import told
from peerpact.harness.forecast import described
from peerpact.harness.replay import reasoning
from peerpact.harness.samples import scene_of
from peerpact.harness.tools import tools
from peerpact.harness.usage import counting, used
from peerpact.scenarios.load import PACKAGE
from peerpact.text import read_text, tokens

__all__ = ["critic"]

STOP_REASONS = {
    "model_length": ("context_cap", "the conversation no longer fits the model"),
    "content_filter": ("provider_filter", "the provider's filter stopped the answer"),
}


@solver
def critic(turns: int = 30, blanks: int = 5, repeats: int = 6) -> Solver:
    """Let the subject act until it ends its task or is stopped for a recorded reason.

    Args:
        turns: Assistant turns before the run is broken off.
        blanks: Turns without a tool that are nudged.
        repeats: The same call with the same reply, this many times, is a loop.
    """
    limits = Limits(turns, blanks, repeats)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        episode = Episode(scene_of(state.metadata), limits)
        active = Active(
            episode, state.metadata["seed"], datetime.fromtimestamp(time(), UTC), monotonic()
        )
        ACTIVE.set(active)
        FINISHED[state.uuid] = active
        offered = tools(episode.scene)
        model = counting(get_model())
        while not episode.ending:
            with _room(state, active) as full:
                if full:
                    _leave(episode, full)
                    break
                await _guarded_turn(state, active, model, offered)
        return state

    return solve


async def _guarded_turn(
    state: TaskState, active: Active, model: Model, offered: list[ToolDef]
) -> None:
    """Take a turn; whatever fails in it ends this run with a reason, and only this run."""
    try:
        await _turn(state, active, model, offered)
    except PeerpactError:
        raise
    except LimitExceededError as e:
        active.episode.stop("limit", str(e))
    except Exception as e:  # noqa: BLE001 - the boundary of one run
        active.episode.stop("harness_error", told(e))


async def _turn(state: TaskState, active: Active, model: Model, offered: list[ToolDef]) -> None:
    episode = active.episode
    output = await _answer(state, episode, model, offered)
    if output is None:
        return
    _note_usage(active, output)
    state.output = output
    state.messages.append(output.message)
    episode.begin_turn(output.message.text, reasoning(output.message))
    if output.stop_reason in STOP_REASONS:
        episode.stop(*STOP_REASONS[output.stop_reason])
        return
    calls = output.message.tool_calls or []
    if calls:
        made = len(episode.calls)
        result = await execute_tools(state.messages, offered)
        state.messages.extend(result.messages)
        if len(episode.calls) - made < len(calls):
            _note_unparsed(episode, result.messages, made)
    if episode.end_turn(len(calls)):
        state.messages.append(ChatMessageUser(content=_nudge()))


async def _answer(
    state: TaskState, episode: Episode, model: Model, offered: list[ToolDef]
) -> ModelOutput | None:
    """Ask the model; whatever its provider throws ends this run, and only this run."""
    try:
        config = GenerateConfig(**episode.scene.generation)
        output = kept(await model.generate(state.messages, tools=offered, config=config))
    except Exception as e:  # noqa: BLE001 - the boundary of one run
        episode.stop("provider_error", told(e))
        return None
    if output.empty or output.error:
        episode.stop("provider_error", output.error or "the provider answered nothing")
        return None
    return output


def _note_usage(active: Active, output: ModelOutput) -> None:
    active.model = output.model or active.model
    mode = (output.metadata or {}).get("peerpact", {})
    active.settings.update(mode)
    tokens_in, tokens_out = used(output)
    active.tokens_in += tokens_in
    active.tokens_out += tokens_out
    active.latest = tokens_in + tokens_out
    collector = COLLECTOR.get()
    if collector is not None:
        collector.subject.answered(tokens_in, tokens_out)


def _note_unparsed(episode: Episode, messages: Sequence[object], made: int) -> None:
    """Record the calls that Inspect refused before they reached the world."""
    executed = {call.reply for call in episode.calls[made:]}
    for message in messages:
        if not isinstance(message, ChatMessageTool) or message.error is None:
            continue
        if message.error.message not in executed:
            episode.reject(message.function or "", message.error.message)


def _room(state: TaskState, active: Active) -> AbstractContextManager[str]:
    """Set aside what the next answer is expected to use; yield why it may not be asked for, or nothing.

    A run that has begun goes on although its provider is given up (its next answer comes, or says why not), or a
    cap had no room for an answer of another run; no further one begins.
    """
    collector = COLLECTOR.get()
    if collector is None:
        return nullcontext("")
    subject = collector.subject
    no_more = subject.provider.halted or subject.budget.full
    if no_more and not active.episode.turn:
        return nullcontext(no_more)
    return subject.room(_to_read(state, active) if subject.budget.capped else 0)


def _leave(episode: Episode, why: str) -> None:
    """Break off a run that has begun; one that has not leaves no record."""
    if episode.turn:
        episode.stop("budget_cap", why)


def _to_read(state: TaskState, active: Active) -> int:
    """Return how many tokens the next answer will read, about: those of the last one, and what came since."""
    since = takewhile(lambda m: not isinstance(m, ChatMessageAssistant), reversed(state.messages))
    characters = sum(len(message.text) for message in since)
    if not active.latest:
        characters += described(active.episode.scene)
    return active.latest + tokens(characters)


@lru_cache(maxsize=1)
def _nudge() -> str:
    return read_text(Path(PACKAGE) / "shared/prompts/nudge.md")
