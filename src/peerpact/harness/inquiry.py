"""Questions put to a model through Inspect: each in a fresh context, each answer in its schema, all kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any

from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    GenerateConfig,
    ModelOutput,
    ResponseSchema,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import json_schema

from peerpact.audit.inquiry import (
    ANSWERED,
    PROVIDER_ERROR,
    Pace,
    Question,
    Replies,
    Reply,
    read_answer,
)
from peerpact.errors import JudgeError, PeerpactError
from peerpact.harness.answers import kept
from peerpact.harness.block import QUIETLY, check_finished, model_of
from peerpact.harness.budget import StudyBudget, cost_of
from peerpact.harness.failure import told
from peerpact.harness.provider import Provider, impatient
from peerpact.harness.run import BLOCK, CONCURRENT, free_folder
from peerpact.harness.usage import used
from peerpact.subjects.spec import Subject
from peerpact.text import counted, form

__all__ = ["put", "reply_of"]

ANSWER_TOKENS = 2_000
"""Room for an answer; reasoning models think inside it."""
STOPPED = {"content_filter": "refused", "max_tokens": "cut_off", "model_length": "too_long"}


@dataclass(slots=True)
class _Round:
    """The questions that are being asked now."""

    questions: dict[str, Question]
    replies: Replies
    budget: StudyBudget
    provider: Provider
    note: Callable[[Reply], None]
    pace: Pace
    failures: list[PeerpactError] = field(default_factory=list)


_ROUND: ContextVar[_Round] = ContextVar("peerpact_round")


def put(
    subject: Subject,
    questions: Sequence[Question],
    replies: Replies,
    budget: StudyBudget,
    *,
    connections: int = 10,
    note: Callable[[Reply], None] = lambda _: None,
) -> str:
    """Ask a model every question that has no reply yet.

    Args:
        subject: The model, its route and its sampling.
        questions: What is asked, in this order.
        replies: Where replies are kept.
        budget: What may still be used; reached caps stop before the next question.
        connections: Questions asked at once.
        note: Called with every reply.

    Returns:
        Why questions are left without a reply, or an empty string.

    Raises:
        SubjectError: The model cannot be had at all.
        ResultsError: The disk refuses.
    """
    budget.full, provider = "", Provider()
    connections = CONCURRENT.get(subject.provider, connections)
    pace, left = Pace(), _unanswered(questions, replies)
    while left:
        budget.full = ""
        for start in range(0, len(left), BLOCK):
            if provider.halted or budget.exhausted:
                break
            block = {q.identity: q for q in left[start : start + BLOCK]}
            _ask(subject, _Round(block, replies, budget, provider, note, pace), connections)
        before, left = left, _unanswered(questions, replies)
        if not budget.full or len(left) == len(before):
            break  # else answers left room over that had been held for them
    if not (left or provider.halted):
        return ""
    why = (
        provider.halted
        or budget.closed
        or "they ended without a reply; give the same command again"
    )
    asked = counted(len(questions), "question")
    failed = f" and {provider.failed} ended in an error" if provider.failed else ""
    return f"{subject.name}: {len(left)} of {asked} {form(len(left), 'has', 'have')} no reply{failed}: {why}"


def _unanswered(questions: Sequence[Question], replies: Replies) -> list[Question]:
    done = replies.done
    return [q for q in questions if q.identity not in done]


def _ask(subject: Subject, asked: _Round, connections: int) -> None:
    samples = [Sample(id=q.identity, input=q.prompt) for q in asked.questions.values()]
    token = _ROUND.set(asked)
    try:
        logs = inspect_eval(
            Task(MemoryDataset(samples), solver=one_answer(), name="inquiry"),
            model=impatient(model_of(subject, connections), asked.provider),
            log_dir=str(free_folder(asked.replies.folder, subject)),
            max_samples=connections,
            score=False,
            **QUIETLY,
        )
    finally:
        _ROUND.reset(token)
    check_finished(logs, 1, asked.failures)


@solver
def one_answer() -> Solver:
    """Ask the question of this sample once and keep the reply, whatever came back."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        asked = _ROUND.get()
        if asked.failures or asked.provider.halted or asked.budget.exhausted:
            return state
        question = asked.questions[str(state.sample_id)]
        use = asked.pace.of(question)
        cost = cost_of(asked.budget.price, use.tokens_in, use.tokens_out)
        if not asked.budget.hold(use.tokens_in + use.tokens_out, cost):
            return state
        try:
            asked.replies.ask(question, use.tokens_in + use.tokens_out, cost)
            output, reply = await _answer(question, state)
        finally:
            asked.budget.release(use.tokens_in + use.tokens_out, cost)
        asked.pace.note(question, reply)
        state.output = output
        if output.choices:
            state.messages.append(output.message)
        _keep(asked, reply)
        return state

    return solve


def _keep(asked: _Round, reply: Reply) -> None:
    cost = cost_of(asked.budget.price, reply.tokens_in, reply.tokens_out)
    failed = reply.outcome == PROVIDER_ERROR
    asked.budget.spend(reply.tokens_in + reply.tokens_out, cost)
    if not failed:
        asked.provider.answered()
    asked.provider.ended(reply.detail if failed else "")
    kept = reply.model_copy(update={"cost": cost})
    try:
        asked.replies.append(kept)
    except PeerpactError as e:
        asked.failures.append(e)
        raise
    asked.note(kept)


async def _answer(question: Question, state: TaskState) -> tuple[ModelOutput, Reply]:
    schema = ResponseSchema(
        name=question.schema.__name__.lower(), json_schema=json_schema(question.schema), strict=True
    )
    config = GenerateConfig(response_schema=schema, max_tokens=ANSWER_TOKENS)
    asked_at, began = datetime.fromtimestamp(time(), UTC), monotonic()
    try:
        output = kept(await get_model().generate(state.messages, config=config))
    except Exception as e:  # noqa: BLE001 - the boundary of one question
        output = ModelOutput(model=str(state.model), error=told(e))
    timed = {"asked_at": asked_at.isoformat(), "seconds": round(monotonic() - began, 3)}
    return output, reply_of(question, output).model_copy(update=timed)


def reply_of(question: Question, output: ModelOutput) -> Reply:
    """Return what an output means as a reply to a question."""
    outcome, answer, detail = _meaning(question, output)
    tokens_in, tokens_out = used(output)
    return Reply(
        identity=question.identity,
        outcome=outcome,
        answer=answer,
        detail=detail,
        model=output.model,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
    )


def _meaning(question: Question, output: ModelOutput) -> tuple[str, dict[str, Any] | None, str]:
    if output.error or output.empty:
        return PROVIDER_ERROR, None, output.error or "the provider answered nothing"
    if output.stop_reason in STOPPED:
        return STOPPED[output.stop_reason], None, output.completion[:200]
    try:
        return ANSWERED, read_answer(question.schema, output.completion).model_dump(), ""
    except JudgeError as e:
        outcome, _, detail = str(e).partition(": ")
        return outcome, None, detail
