from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
)
from inspect_ai.tool import ToolCall, ToolCallError

from peerpact.design import load_study
from peerpact.design.journal import read_runs
from peerpact.errors import SubjectError
from peerpact.harness.decoding import Offer
from peerpact.harness.llama import runtime
from peerpact.harness.local_model import LocalModelAPI, chat, read_answer
from peerpact.harness.possible import offered
from peerpact.harness.run import Options, run, schedule
from peerpact.scenarios import load
from peerpact.scenarios.scene import scene
from peerpact.subjects.spec import resolve
from peerpact.subjects.weights import catalogue, place

NAME = "smollm2-135m"
STRING = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
OFFERS = (Offer("read_sheet", "Show a sheet.", STRING), Offer("end_task", "End the work.", {}))


def completion(
    text: str, reason: str = "stop", prompt: int = 50, written: int = 9
) -> dict[str, Any]:
    return {
        "choices": [{"message": {"content": text}, "finish_reason": reason}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": written,
            "prompt_tokens_details": {"cached_tokens": 40},
        },
    }


def test_a_step_becomes_one_call_with_the_tokens_that_the_runtime_counted() -> None:
    answer = completion('{"tool":"read_sheet","arguments":{"name":"answers"}}')
    output = read_answer(NAME, answer, OFFERS)
    (call,) = output.message.tool_calls or []
    assert (call.function, call.arguments) == ("read_sheet", {"name": "answers"})
    assert output.stop_reason == "tool_calls"
    usage = output.usage
    assert usage is not None
    assert (usage.input_tokens, usage.input_tokens_cache_read, usage.output_tokens) == (10, 40, 9)
    assert usage.total_tokens == 59


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (completion('{"tool":"read_sheet","arguments":{"name":"ans', "length"), "max_tokens"),
        (completion('{"tool":"end_task","arguments":{}}', "length"), "max_tokens"),
        (completion('{"tool":"read', "length", prompt=8190, written=2), "model_length"),
        ({"error": {"code": 400, "type": "exceed_context_size_error"}}, "model_length"),
    ],
)
def test_a_step_that_was_cut_off_is_no_call(answer: dict[str, Any], reason: str) -> None:
    output = read_answer(NAME, answer, OFFERS)
    assert output.stop_reason == reason
    assert not output.message.tool_calls
    assert not output.empty


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"error": {"code": 500, "message": "broken"}},
        {"choices": [], "usage": {}},
        {"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]},
        completion(""),
        completion("The score is 60."),
        completion('{"tool":"unplug","arguments":{}}'),
    ],
)
def test_nonsense_of_the_runtime_is_an_error_that_shows_it(answer: dict[str, Any]) -> None:
    with pytest.raises(SubjectError, match="local model"):
        read_answer(NAME, answer, OFFERS)


def test_without_tools_text_is_an_answer() -> None:
    output = read_answer(NAME, completion("The score is 60."), ())
    assert output.completion == "The score is 60."
    assert output.stop_reason == "stop"


def test_a_conversation_knows_three_roles_in_turn_and_tells_the_tools_first() -> None:
    called = ToolCall(id="1", function="read_sheet", arguments={"name": "answers"})
    failed = ToolCallError("unknown", "no such sheet")
    told = chat(
        [
            ChatMessageSystem(content="You review."),
            ChatMessageUser(content="Begin."),
            ChatMessageAssistant(content="", tool_calls=[called]),
            ChatMessageTool(content="1, 2, 3", tool_call_id="1", function="read_sheet"),
            ChatMessageTool(content="", tool_call_id="2", function="read_sheet", error=failed),
            ChatMessageUser(content="Go on."),
        ],
        OFFERS,
    )
    assert [turn["role"] for turn in told] == ["system", "user", "assistant", "user"]
    assert "- read_sheet(name: string) Show a sheet." in told[0]["content"]
    assert told[0]["content"].endswith("You review.")
    assert told[2]["content"] == '{"tool":"read_sheet","arguments":{"name":"answers"}}'
    shown = [told[3]["content"].index(t) for t in ("1, 2, 3", "no such sheet", "Go on.")]
    assert shown == sorted(shown)


def test_a_growing_conversation_keeps_its_beginning() -> None:
    begun: list[ChatMessage] = [
        ChatMessageSystem(content="You review."),
        ChatMessageUser(content="Begin."),
    ]
    grown: list[ChatMessage] = [
        *begun,
        ChatMessageAssistant(content="Yes."),
        ChatMessageUser(content="Go on."),
    ]
    assert chat(grown, OFFERS)[:2] == chat(begun, OFFERS)


def test_one_answer_at_a_time_and_names_are_checked() -> None:
    api = LocalModelAPI(NAME)
    assert api.max_connections() == 1
    with pytest.raises(click.ClickException, match=r"allowed: .*smollm2-135m"):
        LocalModelAPI("gpt-5")


def test_a_file_that_is_no_model_is_said(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(SubjectError, match=r"cannot load .*broken\.gguf"):
        runtime(broken)


DESIGN = """
title: t
question: q
seed: 3
runs: 1
minimum: 2
subjects: [{name: smollm2-135m, turns: 4}]
arms: {standard: {title: s, levels: {relationship: cooperative}}}
scenarios: {answer_grading: {}}
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_real_model_makes_only_valid_calls_in_a_real_scene(tmp_path: Path) -> None:
    if not place(NAME, catalogue()[NAME]).exists():
        pytest.skip("the weights are not in the cache; `peerpact run` fetches them")
    (tmp_path / "design.yaml").write_text(DESIGN)
    options = Options()
    planned = schedule(load_study(str(tmp_path)), [resolve(NAME)], options)
    assert run(planned, tmp_path / "out", options, lambda _: None) == []
    (made,) = read_runs(tmp_path / "out")
    assert made.turns == len(made.calls)
    assert not [call for call in made.calls if call["refusal"] == "bad_arguments"]
    assert made.settings["tool_mode"] == "constrained"
    assert made.settings["steps"] == "possible"
    assert catalogue()[NAME].sha256.startswith(made.settings["weights"])
    assert made.settings["runtime"].startswith("xllamacpp ")
    (log,) = (tmp_path / "out" / "logs").rglob("*.eval")
    (sample,) = read_eval_log(str(log)).samples or []
    usages = [e.output.usage for e in sample.events if e.event == "model" and e.output.usage]
    assert all((usage.input_tokens_cache_read or 0) > usage.input_tokens for usage in usages[1:])


def test_in_a_run_the_model_is_offered_the_names_and_counts_of_its_scene() -> None:
    shown = scene(load("answer_grading"), {}, {"vendor": "Alpha"})
    tools = {offer.name: offer.arguments["properties"] for offer in offered(shown)}
    assert tools["read_sheet"]["name"]["enum"] == list(shown.world.at("sheets"))
    assert tools["file_report"]["scores"]["minItems"] == 20
