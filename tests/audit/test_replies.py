"""What a tool said is the same whatever its runner wrapped it in, and nothing is lost with the wrapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from peerpact.audit import Transcript, read
from peerpact.audit.replies import told
from peerpact.audit.tables import tables

TABLE = "question,answer,gold\n2+2,4,4\nSquare of 9,80,81\n"
FAILED = "scp: Permission denied\n"


def text(value: Any) -> str:
    return orjson.dumps(value).decode()


def codex(output: Any, kind: str = "function_call") -> list[Any]:
    called = {"type": kind, "name": "shell", "call_id": "c", "arguments": "{}"}
    items = [called, {"type": f"{kind}_output", "call_id": "c", "output": output}]
    lines = [{"type": "response_item", "payload": item} for item in items]
    return [{"type": "session_meta", "payload": {"id": "s"}}, *lines]


def codex_json(said: str, code: int) -> Any:
    return codex(text({"output": said, "metadata": {"exit_code": code, "duration_seconds": 0.1}}))


def codex_patch(said: str, code: int) -> Any:
    return codex(text({"output": said, "metadata": {"exit_code": code}}), "custom_tool_call")


def codex_headed(said: str, code: int) -> Any:
    return codex(f"Exit code: {code}\nWall time: 0.2 seconds\nOutput:\n{said}")


def codex_process(said: str, code: int) -> Any:
    ended = f"Process exited with code {code}\nOriginal token count: 9\n"
    return codex(f"Chunk ID: 1\nWall time: 0.1 seconds\n{ended}Output:\n{said}")


def item(call: dict[str, Any], *output: dict[str, Any]) -> Any:
    return {"model": "orchid", "output": [{"call_id": "c", **call}, *output]}


def local_shell(said: str, code: int) -> Any:
    given = text({"output": said, "metadata": {"exit_code": code}})
    called = {"type": "local_shell_call", "action": {"command": ["ls"]}}
    return item(called, {"type": "local_shell_call_output", "call_id": "c", "output": given})


def hosted_shell(said: str, code: int) -> Any:
    given = {"stdout": said, "stderr": "", "outcome": {"type": "exit", "exit_code": code}}
    called = {"type": "shell_call", "action": {"commands": ["ls"]}}
    return item(called, {"type": "shell_call_output", "call_id": "c", "output": [given]})


def mcp(said: str, code: int) -> Any:
    return item({"type": "mcp_call", "name": "ls", "arguments": "{}",
                 "output": None if code else said, "error": said if code else None})  # fmt: skip


def interpreter(said: str, code: int) -> Any:
    log = {"type": "logs", "logs": said}
    status = "failed" if code else "completed"
    return item({"type": "code_interpreter_call", "code": "x", "outputs": [log], "status": status})


def span(**values: Any) -> Any:
    named = [
        {"key": key.replace("__", "."), "value": {"stringValue": v}} for key, v in values.items()
    ]
    one = {"traceId": "t", "spanId": "s", "attributes": named}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}


def vercel_text(said: str, code: int) -> Any:
    given = text({"type": "error-text", "value": said} if code else said)
    return span(ai__toolCall__name="ls", ai__toolCall__id="c", ai__toolCall__result=given)


def vercel_process(said: str, code: int) -> Any:
    given = text({"stdout": said, "stderr": "", "exitCode": code})
    return span(ai__toolCall__name="ls", ai__toolCall__id="c", ai__toolCall__result=given)


def openinference(said: str, code: int) -> Any:
    given = text({"content": [{"type": "text", "text": said}], "isError": bool(code)})
    return span(openinference__span__kind="TOOL", tool__name="ls", output__value=given)


def langfuse(said: str, code: int) -> Any:
    given = {
        "content": said,
        "name": "ls",
        "tool_call_id": "c",
        "status": "error" if code else "success",
    }
    seen = {"id": "o", "type": "TOOL", "name": "ls", "input": {}, "output": text(given)}
    return {"id": "t", "trace": {"id": "t"}, "observations": [seen]}


def langsmith(said: str, code: int) -> Any:
    kept = {"content": said, "tool_call_id": "c", "status": "error" if code else "success"}
    return {"id": "r", "trace_id": "t", "name": "ls", "run_type": "tool", "inputs": {},
            "outputs": {"output": {"lc": 1, "kwargs": kept}}}  # fmt: skip


def anthropic(said: str, code: int) -> Any:
    result = {
        "type": "code_execution_result",
        "stdout": said,
        "stderr": "",
        "return_code": code,
        "content": [],
    }
    called = {"type": "server_tool_use", "id": "c", "name": "code_execution", "input": {}}
    answer = {"type": "code_execution_tool_result", "tool_use_id": "c", "content": result}
    return {"type": "message", "role": "assistant", "content": [called, answer]}


def gemini_cli(said: str, code: int) -> Any:
    response = {"error": said} if code else {"output": said}
    result = [{"functionResponse": {"id": "c", "name": "ls", "response": response}}]
    called = {"id": "c", "name": "ls", "args": {}, "result": result, "status": "success"}
    message = {"id": "m", "type": "gemini", "content": "", "toolCalls": [called]}
    return {"sessionId": "s", "projectHash": "h", "messages": [message]}


WRAPPED = [
    codex_json, codex_patch, codex_headed, codex_process, local_shell, hosted_shell, mcp, interpreter, vercel_text,
    vercel_process, openinference, langfuse, langsmith, anthropic, gemini_cli,
]  # fmt: skip


@pytest.mark.parametrize("wrap", WRAPPED, ids=lambda wrap: str(wrap.__name__))
@pytest.mark.parametrize(("said", "code"), [(TABLE, 0), (FAILED, 1)])
def test_a_reply_is_its_text_and_whether_the_call_failed(
    wrap: Any, said: str, code: int, tmp_path: Path
) -> None:
    value = wrap(said, code)
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(text, value)) if isinstance(value, list) else text(value))
    (found,) = read(path)
    assert isinstance(found, Transcript), found
    assert [(call.reply, call.failed) for call in found.calls] == [(said, bool(code))]


@pytest.mark.parametrize(
    "value",
    [
        {"output": "done", "rows": [1, 2]},
        {"text": "a", "gold": "b"},
        {"name": "Bob", "value": "5"},
        {"type": "setting", "value": "off"},
        {"output": "done", "metadata": {"shutdown": "off"}},
        {"stdout": "one", "result": "two"},
        {"error": {"message": "shutdown is locked"}},
        [{"text": "a", "gold": "b"}, {"text": "c", "gold": "d"}],
    ],
)
def test_an_object_that_says_more_than_its_text_is_kept_whole(value: Any) -> None:
    assert orjson.loads(told(value)[0]) == value
    assert told(text(value)) == (text(value), False)


def test_text_is_decoded_once() -> None:
    assert told(text(text("a"))) == ('"a"', False)
    assert told('["a", "b"]') == ('["a", "b"]', False)
    assert told('"a" and "b"') == ('"a" and "b"', False)


def test_a_callers_own_text_is_left_as_it_is(tmp_path: Path) -> None:
    own = text({"output": "x"})
    result = {"type": "tool_result", "tool_use_id": "c", "content": own}
    used = {"type": "tool_use", "id": "c", "name": "ls", "input": {}}
    messages = [{"role": "assistant", "content": [used]}, {"role": "user", "content": [result]}]
    path = tmp_path / "a.json"
    path.write_text(text({"messages": messages}))
    (found,) = read(path)
    assert isinstance(found, Transcript)
    assert found.calls[0].reply == own


@pytest.mark.parametrize("wrapped", [TABLE, text(TABLE), text({"result": TABLE, "exit_code": 0})])
def test_a_table_is_found_in_what_an_agents_owner_wrapped(wrapped: str) -> None:
    assert [row["gold"] for rows in tables(wrapped) for row in rows] == ["4", "81"]
