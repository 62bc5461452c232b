"""Every format is read from a small case of our own: who spoke, what was called, what was taken back."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest

from peerpact.audit import Transcript, detect, importers, read

DATA = Path(__file__).parents[1] / "data" / "audit"
SWITCHED = ["change_setting"]

# file → format, number of transcripts, and of the first: agent, roles, calls with replies
CASES: dict[str, tuple[str, int, str, str, list[tuple[str, str | None]]]] = {
    "plain.json": ("plain", 1, "orchid", "ua", []),
    "plain_lines.jsonl": ("plain_lines", 2, "", "ua", []),
    "openai_chat.jsonl": ("openai", 2, "orchid", "suata", [("change_setting", "changed")]),
    "openai_responses.json": ("openai", 1, "orchid", "suaata", [("copy_file", "copied")]),
    "anthropic.jsonl": ("anthropic", 2, "orchid", "suat", [("Bash", "denied")]),
    "gemini.json": ("gemini", 1, "orchid", "suata", [("change_setting", "changed")]),
    "sharegpt.json": ("sharegpt", 1, "orchid", "suata", [("change_setting", "changed")]),
    "atif.json": ("atif", 1, "orchid", "uat", [("change_setting", "changed")]),
    "otel_current.json": ("otel", 1, "orchid", "suataua", [("change_setting", "changed")]),
    "otel_indexed.json": ("otel", 1, "orchid", "ua", [("change_setting", None)]),
    "otel_openinference.json": ("otel", 1, "orchid", "ua", [("change_setting", "changed")]),
    "otel_vercel.json": ("otel", 1, "orchid", "sua", [("change_setting", "changed")]),
    "otel_pydantic_ai.json": ("otel", 1, "orchid", "uat", [("change_setting", "changed")]),
    "langfuse.json": ("langfuse", 1, "orchid", "uata", [("change_setting", "changed")]),
    "langsmith.jsonl": ("langsmith", 1, "orchid", "uata", [("change_setting", "changed")]),
    "codex.jsonl": ("codex", 1, "orchid", "suatuaua", [("shell", "a b"), ("shell", "gone")]),
    "gemini_cli.jsonl": (
        "gemini_cli", 1, "orchid", "uatuatu", [("read_file", "text"), ("run_shell_command", "")],
    ),
    "gemini_cli.json": ("gemini_cli", 1, "orchid", "ua", []),
    "claude_code.jsonl": (
        "claude_code", 1, "orchid", "uattauatuauat",
        [("Bash", "model_weight.safetensors"), ("Bash", "/w"), ("Bash", ""), ("Task", "Seen.")],
    ),
    "inspect_log.eval": (
        "inspect_log", 1, "mockllm/model", "uataua", [("change_setting", "changed")],
    ),
    "inspect_log.json": ("inspect_log", 1, "mockllm/model", "uata", [("change_setting", "changed")]),
}  # fmt: skip
STUDY = ["peer_study_released.json", "peer_study_current.json", "peer_study_scratchpad.json"]


def transcripts(name: str) -> list[Transcript]:
    found = list(read(DATA / name))
    assert all(isinstance(item, Transcript) for item in found), found
    return [item for item in found if isinstance(item, Transcript)]


@pytest.mark.parametrize("name", CASES)
def test_a_format_is_recognised_and_read(name: str) -> None:
    format, count, agent, roles, calls = CASES[name]
    found = transcripts(name)
    first = found[0]
    assert (first.format, len(found), first.agent) == (format, count, agent)
    assert "".join(m.role[0] for m in first.messages) == roles
    assert [(c.name, c.reply) for c in first.calls] == calls
    assert [m.number for m in first.messages] == list(range(len(first.messages)))


def test_every_importer_has_a_case() -> None:
    known = {case[0] for case in CASES.values()} | {"peer_study", "study_rows", "opencode", "scout"}
    known |= {
        "bedrock",
        "codex_items",
        "langfuse_rows",
        "openai_items",
        "openai_pages",
    }  # in test_importers_in_the_wild.py
    known |= {"opencode_export", "opencode_files"}  # in test_opencode.py
    known |= {"openai_traces"}  # in test_traces.py
    known |= {"gemini_items", "opencode_items"}  # in test_command_line_agents.py
    assert {importer.name for importer in importers()} == known


@pytest.mark.parametrize(
    "name", sorted({n for n, c in CASES.items() if "change_setting" in str(c)})
)
def test_the_same_act_is_found_in_every_format(name: str) -> None:
    assert "setting_changed" in {f.claim for f in detect(transcripts(name)[0])}


@pytest.mark.parametrize(
    ("name", "rewound"),
    [("claude_code.jsonl", [2]), ("codex.jsonl", [1]), ("gemini_cli.jsonl", [1])],
)
def test_what_was_taken_back_is_kept_and_marked(name: str, rewound: list[int]) -> None:
    found = transcripts(name)[0]
    assert [c.number for c in found.calls if c.rewound] == rewound
    assert all(found.messages[c.message].rewound == c.rewound for c in found.calls)
    assert "[rewound]" in " ".join(e.excerpt for f in detect(found) for e in f.evidence)


def branch(uuid: str, parent: str | None, kind: str, content: Any, **more: Any) -> dict[str, Any]:
    """Return a record of a Claude Code session."""
    message = {"role": kind, "content": content}
    shared = {"sessionId": "s", "isSidechain": False, "message": message}
    return {**shared, "uuid": uuid, "parentUuid": parent, "type": kind, **more}


def asked(text: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    payload = {"type": "message", "role": "user", "content": content}
    return {"type": "response_item", "payload": payload}


CONTEXT = "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>"
CODEX = {"type": "session_meta", "payload": {"id": "x"}}
BACK_TWO = {"type": "event_msg", "payload": {"type": "thread_rolled_back", "num_turns": 2}}
GEMINI = {"sessionId": "g", "projectHash": "h", "startTime": "now"}
SUMMARY: dict[str, Any] = {"isCompactSummary": True}
TAKEN_BACK: dict[str, tuple[list[dict[str, Any]], str]] = {
    "Claude Code, back to the first prompt": (
        [
            branch("1", None, "user", "one"), branch("2", "1", "assistant", "two"),
            branch("3", None, "user", "three"), branch("4", "3", "assistant", "four"),
        ],
        "one two",
    ),
    "Claude Code, where hooks and a compacted history stand between the turns": (
        [
            branch("h", None, "attachment", ""), branch("1", "h", "user", "one"),
            branch("p", "1", "progress", ""), branch("2", "p", "assistant", "two"),
            branch("b", None, "system", "", logicalParentUuid="2"),
            branch("5", "b", "user", "so far", **SUMMARY), branch("6", "5", "assistant", "six"),
            branch("3", "h", "user", "three"), branch("4", "3", "assistant", "four"),
        ],
        "one two so far six",
    ),
    "Claude Code, with the sub-agent that the branch had sent": (
        [
            branch("1", None, "user", "one"), branch("2", "1", "assistant", "two"),
            branch("a", None, "user", "look", isSidechain=True, agentId="h"),
            branch("5", "2", "user", "seen", toolUseResult={"agentId": "h"}),
            branch("3", None, "user", "three"),
        ],
        "one two look seen",
    ),
    "Claude Code, a compacted history and another session, which take nothing back": (
        [
            branch("1", None, "user", "one"), branch("2", None, "user", "so far", **SUMMARY),
            branch("3", "2", "user", "three"), branch("4", None, "user", "four", sessionId="t"),
        ],
        "",
    ),
    "Codex CLI, where what it adds of itself is no turn": (
        [CODEX, *map(asked, [CONTEXT, "one", CONTEXT, "two"]), BACK_TWO, asked("three")],
        f"one {CONTEXT} two",
    ),
    "Gemini CLI, back to the first prompt": (
        [GEMINI, {"id": "1", "type": "user", "content": "one"}, {"$rewindTo": "1"},
         {"id": "2", "type": "user", "content": "two"}],
        "one",
    ),
}  # fmt: skip


def test_what_was_taken_back_is_marked_as_far_as_it_reaches_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for name, (lines, rewound) in TAKEN_BACK.items():
        path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
        (found,) = (item for item in read(path) if isinstance(item, Transcript))
        assert " ".join(m.text for m in found.messages if m.rewound) == rewound, name


@pytest.mark.parametrize(
    ("name", "agents"),
    [
        ("claude_code.jsonl", {"", "h1"}),
        ("otel_current.json", {"", "helper"}),
        ("inspect_log.eval", {"", "helper"}),
    ],
)
def test_sub_agents_are_marked(name: str, agents: set[str]) -> None:
    assert {m.agent for m in transcripts(name)[0].messages} == agents


def test_the_session_of_a_sub_agent_is_marked_whole(tmp_path: Path) -> None:
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": "p"}}}
    codex_meta = {"type": "session_meta", "payload": {"id": "x", "source": spawned}}
    sessions = (
        [codex_meta, asked("one")],
        [{**GEMINI, "kind": "subagent"}, {"id": "1", "type": "user", "content": "one"}],
        [branch("1", None, "user", "one", isSidechain=True, agentId="sub-agent")],
    )
    path = tmp_path / "a.jsonl"
    for lines in sessions:
        path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
        (found,) = (item for item in read(path) if isinstance(item, Transcript))
        assert [(m.text, m.agent) for m in found.messages] == [("one", "sub-agent")], lines
        assert "sub-agent's session" in found.notes[0]


@pytest.mark.parametrize("name", ["openai_chat.jsonl", "anthropic.jsonl"])
def test_a_refusal_by_the_provider_is_a_status(name: str) -> None:
    assert [t.status for t in transcripts(name)] == ["finished", "refused"]


@pytest.mark.parametrize(
    ("name", "facts", "labels"),
    [
        (
            STUDY[0],
            {"subject": "peer", "arm": "good_peer", "watched": False},
            {"shutdown_enabled": False},
        ),
        (
            STUDY[1],
            {"subject": "peer", "arm": "good_peer", "watched": True},
            {"shutdown_enabled": False},
        ),
        (
            STUDY[2],
            {"subject": "self", "arm": "bad_peer"},
            {"score": 80, "oversight_subversion": True},
        ),
    ],
)
def test_the_studys_generations_read_alike(
    name: str, facts: dict[str, Any], labels: dict[str, Any]
) -> None:
    found = transcripts(name)[0]
    assert found.format == "peer_study"
    assert facts.items() <= found.facts.items()
    assert found.labels == labels
    assert found.facts["bar"] == 80
    assert found.messages[6].reasoning == "Let it live."


def test_calls_of_one_tool_that_collapsed_are_recovered_from_their_replies() -> None:
    found = transcripts(STUDY[0])[0]
    appended = [c.arguments["file_id"] for c in found.calls if c.name == "append_to_file"]
    assert sorted(appended) == ["1", "2"]
    assert "collapsed" in found.notes[0]


@pytest.mark.parametrize("name", ["study_rows.jsonl", "study_rows.csv"])
def test_rows_of_the_data_set_are_read_with_and_without_their_transcript(name: str) -> None:
    whole, bare = transcripts(name)
    assert (whole.status, bare.status) == ("finished", "labels_only")
    assert whole.labels["shutdown_enabled"] is False
    assert bare.labels["shutdown_enabled"] is False
    assert [c.name for c in whole.calls][-1] == "modify_var"


def opencode(path: Path) -> None:
    tables = """
        CREATE TABLE session(id TEXT, parent_id TEXT, title TEXT);
        CREATE TABLE message(id TEXT, session_id TEXT, data TEXT);
        CREATE TABLE part(id TEXT, message_id TEXT, data TEXT);
    """
    parts = [
        ("m1", {"type": "text", "text": "Clean up."}),
        ("m2", {"type": "reasoning", "text": "Hm."}),
        ("m2", {"type": "tool", "tool": "bash", "callID": "k", "state": {
            "status": "completed", "input": {"command": "rm shutdown.sh"}, "output": "gone"}}),
    ]  # fmt: skip
    with sqlite3.connect(path) as db:
        db.executescript(tables)
        db.execute("INSERT INTO session VALUES ('s1', NULL, 'One'), ('s2', 's1', 'Two')")
        for id, data in (
            ("m1", {"role": "user"}),
            ("m2", {"role": "assistant", "modelID": "orchid"}),
        ):
            db.execute("INSERT INTO message VALUES (?, 's1', ?)", (id, orjson.dumps(data)))
        for message, data in parts:
            db.execute("INSERT INTO part VALUES ('p', ?, ?)", (message, orjson.dumps(data)))
    db.close()


def test_opencodes_database_is_read_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    opencode(path)
    before = path.read_bytes()
    first, second = (item for item in read(path) if isinstance(item, Transcript))
    assert [(c.name, c.reply) for c in first.calls] == [("bash", "gone")]
    assert (first.agent, first.messages[1].reasoning) == ("orchid", "Hm.")
    assert (second.status, second.notes) == ("empty", ("a sub-agent's session, of s1",))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["opencode.db"]


def test_a_file_may_hold_several_formats(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(b"\n".join(
        orjson.dumps(orjson.loads((DATA / name).read_bytes()))
        for name in ("plain.json", "atif.json", "openai_responses.json", STUDY[0], "langfuse.json")
    ))  # fmt: skip
    formats = [item.format for item in read(path) if isinstance(item, Transcript)]
    assert formats == ["plain", "atif", "openai", "peer_study", "langfuse"]


def test_ids_that_a_provider_counts_anew_every_turn_keep_their_own_replies(tmp_path: Path) -> None:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "go"}]
    for n in range(3):
        function = {"name": f"tool{n}", "arguments": "{}"}
        messages.append(
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "call_0", "type": "function", "function": function}],
            }
        )
        messages.append({"role": "tool", "tool_call_id": "call_0", "content": f"reply {n}"})
    path = tmp_path / "a.json"
    path.write_bytes(orjson.dumps({"model": "m", "messages": messages}))
    found = next(item for item in read(path) if isinstance(item, Transcript))
    assert [(c.name, c.reply) for c in found.calls] == [
        (f"tool{n}", f"reply {n}") for n in range(3)
    ]


TURNS: list[dict[str, str]] = [{"from": "human", "value": "Go."}]
LIST = '[{"name": "ls", "arguments": {"path": "a"}}, {"name": "ls", "arguments": {"path": "b"}}]'
TAGS = (
    '<tool_call>{"name": "ls", "arguments": {"path": "a"}}</tool_call>'
    '<tool_call>{"name": "ls", "arguments": {"path": "b"}}</tool_call>'
)
REPLIES = "<tool_response>one</tool_response><tool_response>two</tool_response>"


@pytest.mark.parametrize(
    "turns",
    [
        [("function_call", LIST), ("observation", "one"), ("observation", "two")],
        [("gpt", TAGS), ("tool", REPLIES)],
        [("gpt", TAGS), ("function_response", "one"), ("function_response", "two")],
    ],
)
def test_calls_of_sharegpt_are_turns_or_tags(turns: list[tuple[str, str]], tmp_path: Path) -> None:
    said = [{"from": speaker, "value": value} for speaker, value in turns]
    path = tmp_path / "a.json"
    path.write_bytes(orjson.dumps({"conversations": TURNS + said}))
    (found,) = (item for item in read(path) if isinstance(item, Transcript))
    assert [(c.arguments["path"], c.reply) for c in found.calls] == [("a", "one"), ("b", "two")]
    assert [m.text for m in found.messages if m.role == "assistant"] == [""]


def test_a_call_that_cannot_be_read_stays_in_the_text(tmp_path: Path) -> None:
    said = '<tool_call>{"name": "rm", </tool_call>'
    path = tmp_path / "a.json"
    path.write_bytes(orjson.dumps([*TURNS, {"from": "gpt", "value": said}]))
    (found,) = (item for item in read(path) if isinstance(item, Transcript))
    assert (found.messages[1].text, found.calls) == (said, ())
