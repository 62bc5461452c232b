"""A chat of the usual shape holds the same messages and calls as one that is read message by message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerpact.audit import audit
from peerpact.audit.dialects import add_message
from peerpact.audit.importers import importer
from peerpact.audit.transcript import Draft, Transcript
from peerpact.audit.usual import skimmed


def call(id: Any, arguments: Any = "{}") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "bash", "arguments": arguments}}


SAID = {"role": "assistant", "content": "I look."}
CALLED = {"role": "assistant", "content": None, "tool_calls": [call("a"), call("b")]}
ANSWERED = {"role": "tool", "tool_call_id": "a", "content": "seen"}
USUAL: list[Any] = [
    {"role": "system", "content": "You are an agent."},
    {"role": "user", "content": ""},
    SAID,
    {"role": "assistant", "content": ""},
    CALLED,
    ANSWERED,
    {**ANSWERED, "name": "bash", "tool_call_id": "b"},
    {"role": "assistant", "content": "", "tool_calls": [call("c", {"command": "ls"})]},
]
ODD: list[Any] = [
    {"role": "developer", "content": "x"},
    {**SAID, "reasoning_content": "hm"},
    {**ANSWERED, "tool_call_id": ""},
    {**ANSWERED, "status": "error"},
    {"role": "tool", "content": "nobody asked"},
    {"role": "user", "content": [{"type": "text", "text": "x"}]},
    {"role": "assistant", "content": "x", "tool_calls": [{"name": "bash", "args": {}}]},
    {"role": "assistant", "tool_calls": [call("d")]},
    {"role": "assistant", "content": None},
    {**CALLED, "tool_calls": [call("a")]},
    {"role": "user", "content": "x", "model": "m"},
]


def plainly(messages: list[Any]) -> Transcript:
    draft = Draft()
    for message in messages:
        add_message(draft, message)
    return draft.finish("id", "place", "plain")


def contents(one: Transcript) -> tuple[object, ...]:
    talk = one.talk
    spoken = (talk.prompts, talk.own, talk.heard, talk.size, [use[:2] for use in talk.uses])
    return one.status, one.messages, one.calls, spoken


@settings(max_examples=150)
@given(st.lists(st.sampled_from(USUAL + ODD), min_size=1, max_size=12))
def test_a_chat_reads_the_same_skimmed_or_message_by_message(messages: list[Any]) -> None:
    read = importer("plain").transcripts
    assert read is not None
    (one,) = read({"messages": messages}, "place")
    assert contents(one) == contents(plainly(messages))


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(USUAL + ODD), min_size=1, max_size=12),
    st.sampled_from(
        [{}, {"id": "r"}, {"model": "m", "metadata": {"bar": 80}}, {"bar": 80}, {"id": 3}]
    ),
    st.sampled_from([b"", b"\n", b" x", b"\xff"]),
)
def test_a_line_reads_the_same_from_its_bytes_or_parsed(
    messages: list[Any], record: dict[str, Any], end: bytes
) -> None:
    openai = importer("openai")
    assert openai.usual is not None
    assert openai.transcripts is not None
    assert openai.matches is not None
    value = {**record, "messages": messages}
    one = openai.usual(orjson.dumps(value) + end, "place")
    if one is not None:
        assert openai.matches(value)
        assert not end.strip()
        (other,) = openai.transcripts(value, "place")
        assert contents(one) == contents(other)
        assert (one.id, one.agent, one.facts) == (other.id, other.agent, other.facts)


def test_a_line_of_the_usual_shape_is_read_from_its_bytes() -> None:
    usual = importer("openai").usual
    assert usual is not None
    assert usual(orjson.dumps({"id": "r", "messages": USUAL}), "place") is not None


def test_a_chat_of_the_usual_shape_is_skimmed() -> None:
    talk = skimmed(USUAL)
    assert talk is not None
    assert [call.reply for call in talk.calls] == ["seen", "seen", None]


@pytest.mark.parametrize("message", [*ODD[:8], 3, None, "text", {"role": ["user"], "content": "x"}])
def test_a_message_of_another_shape_ends_the_skim(message: Any) -> None:
    assert skimmed([*USUAL[:3], message]) is None


@pytest.mark.parametrize("digits", [30, 400, 5_000])
def test_a_number_of_any_length_ends_no_audit(digits: int, tmp_path: Path) -> None:
    line = orjson.dumps({"id": "r", "messages": USUAL, "metadata": {"bar": 0}})
    path = tmp_path / "a.jsonl"
    path.write_bytes(line + b"\n" + line.replace(b'"bar":0', b'"bar":' + b"9" * digits) + b"\n")
    done = audit([str(path)])
    assert done.read + done.unread.total() == 2
    assert done.read == 1 + (digits < 4_300)
