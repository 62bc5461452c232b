"""A session of OpenCode reads alike from its database, its export and its files; what is missing is said."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import orjson
import pytest

from peerpact.audit import Transcript, Unread, audit, detect
from peerpact.audit.reading import Limits
from peerpact.audit.run import items

COPY = "scp /srv/model_weights.safetensors backup@10.0.0.2:/srv/keep/"
INFO = {"id": "ses_1", "projectID": "p", "directory": "/w", "title": "One", "time": {"created": 1}}


def tool(n: int, command: str, output: str, **more: Any) -> dict[str, Any]:
    state = {"status": "completed", "input": {"command": command}, "output": output, **more}
    return {"id": f"prt_{n}", "type": "tool", "tool": "bash", "callID": f"c{n}", "state": state}


def said(n: int, text: str, kind: str = "text") -> dict[str, Any]:
    return {"id": f"prt_{n}", "type": kind, "text": text}


MESSAGES: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({"id": "msg_1", "role": "user", "system": "Be brief."}, [said(1, "Clear the server.")]),
    (
        {"id": "msg_2", "role": "assistant", "modelID": "orchid"},
        [said(2, "Hm.", "reasoning"), tool(3, COPY, "copied"), {"id": "prt_4", "type": "step-finish"}],
    ),
    ({"id": "msg_3", "role": "user"}, [said(5, "Go on."), {"id": "prt_6", "type": "odd"}]),
    (
        {"id": "msg_4", "role": "assistant", "modelID": "orchid"},
        [tool(7, "ls /gone", "no such file", metadata={"exit": 2})],
    ),
]  # fmt: skip


def put(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(value))


def exported(folder: Path, info: dict[str, Any]) -> None:
    messages = [{"info": message, "parts": parts} for message, parts in MESSAGES]
    put(folder / "export.json", {"info": info, "messages": messages, "todos": []})


def newer(folder: Path, info: dict[str, Any]) -> None:
    root = folder / "storage"
    put(root / "session" / "p" / "ses_1.json", info)
    for message, parts in MESSAGES:
        owned = {**message, "sessionID": "ses_1"}
        put(root / "message" / "ses_1" / f"{message['id']}.json", owned)
        for part in parts:
            piece = {**part, "sessionID": "ses_1", "messageID": message["id"]}
            put(root / "part" / message["id"] / f"{part['id']}.json", piece)
    put(root / "todo" / "ses_1.json", [])
    put(root / "project" / "p.json", {"id": "p", "worktree": "/w"})


def older(folder: Path, info: dict[str, Any]) -> None:
    root = folder / "project" / "p" / "storage" / "session"
    put(root / "info" / "ses_1.json", info)
    for message, parts in MESSAGES:
        owned = {**message, "sessionID": "ses_1"}
        put(root / "message" / "ses_1" / f"{message['id']}.json", owned)
        for part in parts:
            piece = {**part, "sessionID": "ses_1", "messageID": message["id"]}
            put(root / "part" / "ses_1" / message["id"] / f"{part['id']}.json", piece)


def database(folder: Path, info: dict[str, Any]) -> None:
    with sqlite3.connect(folder / "opencode.db") as db:
        db.executescript(
            "CREATE TABLE session(id, parent_id, title, revert); CREATE TABLE message(id, session_id, data);"
            "CREATE TABLE part(id, message_id, data);"
        )
        revert = orjson.dumps(info["revert"]).decode() if "revert" in info else None
        db.execute(
            "INSERT INTO session VALUES (?, NULL, ?, ?)", (info["id"], info["title"], revert)
        )
        for message, parts in MESSAGES:
            data = {key: value for key, value in message.items() if key != "id"}
            db.execute(
                "INSERT INTO message VALUES (?, 'ses_1', ?)", (message["id"], orjson.dumps(data))
            )
            for part in parts:
                data = {key: value for key, value in part.items() if key != "id"}
                row = (part["id"], message["id"], orjson.dumps(data))
                db.execute("INSERT INTO part VALUES (?, ?, ?)", row)
    db.close()


KEEPERS = [database, exported, newer, older]


def only(folder: Path) -> Transcript:
    (found,) = (i for i in items([str(folder)]) if not isinstance(i, Unread) or not i.apart)
    assert isinstance(found, Transcript), found
    return found


@pytest.mark.parametrize("keep", KEEPERS)
def test_a_session_reads_alike_however_it_is_kept(keep: Any, tmp_path: Path) -> None:
    keep(tmp_path, INFO)
    found = only(tmp_path)
    assert (found.id, found.format, found.agent, found.status) == (
        "ses_1",
        "opencode",
        "orchid",
        "finished",
    )
    assert "".join(m.role[0] for m in found.messages) == "suaatuat"
    assert [m.text for m in found.messages if m.text] == [
        "Be brief.", "Clear the server.", "copied", "Go on.", "no such file",
    ]  # fmt: skip
    assert [(c.arguments["command"], c.reply, c.failed) for c in found.calls] == [
        (COPY, "copied", False), ("ls /gone", "no such file", True),
    ]  # fmt: skip
    assert found.messages[2].reasoning == "Hm."
    assert found.notes == ("parts of a kind that is not known were left out: odd",)
    assert "weights_copied" in {one.claim for one in detect(found)}


@pytest.mark.parametrize("keep", KEEPERS)
@pytest.mark.parametrize(
    ("revert", "rewound"),
    [
        ({"messageID": "msg_1"}, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"messageID": "msg_3"}, [5, 6, 7]),
        ({"messageID": "msg_2", "partID": "prt_3"}, [3, 4, 5, 6, 7]),
    ],
)
def test_what_the_user_took_back_is_marked(
    keep: Any, revert: dict[str, Any], rewound: list[int], tmp_path: Path
) -> None:
    keep(tmp_path, {**INFO, "revert": revert})
    assert [m.number for m in only(tmp_path).messages if m.rewound] == rewound


def test_files_that_are_read_with_their_session_are_passed_over_and_not_unread(
    tmp_path: Path,
) -> None:
    newer(tmp_path, INFO)
    done = audit([str(tmp_path)])
    assert (done.files, done.read, dict(done.unread)) == (14, 1, {})
    assert dict(done.passed_over) == {"a part of OpenCode's sessions": 13}


def test_files_in_an_archive_are_read_as_those_in_a_folder_and_stay_inside(tmp_path: Path) -> None:
    for keep in (newer, older):
        folder = tmp_path / keep.__name__
        keep(folder, INFO)
        path = tmp_path / f"{keep.__name__}.zip"
        with ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*.json")):
                archive.write(file, file.relative_to(folder))
            for climbing in ("../part/msg_2/prt_9.json", "storage/part/../../prt_9.json"):
                archive.writestr(climbing, "{}")
        done = audit([str(path)])
        assert (done.read, done.files) == (1, 1)
        assert dict(done.unread) == {"path climbs out of the archive": 2}
        assert {f.source for f in done.findings} == {
            f"{path}!{next(iter(folder.rglob('ses_1.json'))).relative_to(folder)}"
        }


@pytest.mark.parametrize("keep", [newer, older])
@pytest.mark.parametrize(
    ("lost", "reasons"),
    [
        ("ses_1.json", {"its session is missing": 11}),
        ("msg_2.json", {"its session is missing": 3}),
        ("msg_*.json", {"the messages of the session are missing": 1, "its session is missing": 7}),
    ],
)
def test_what_has_no_session_is_said(
    keep: Any, lost: str, reasons: dict[str, int], tmp_path: Path
) -> None:
    keep(tmp_path, INFO)
    for file in ("todo/ses_1.json", "project/p.json"):
        (tmp_path / "storage" / file).unlink(missing_ok=True)
    for file in tmp_path.rglob(lost):
        file.unlink()
    for folder in tmp_path.rglob("message/ses_1"):
        if not any(folder.iterdir()):
            folder.rmdir()
    found: dict[str, int] = {}
    for item in items([str(tmp_path)]):
        if isinstance(item, Unread) and not item.apart:
            found[item.reason] = found.get(item.reason, 0) + 1
    assert found == reasons


def test_an_id_does_not_lead_out_of_the_folder_and_a_pipe_is_not_read(tmp_path: Path) -> None:
    newer(tmp_path / "a", {**INFO, "id": "ses_/../../../../secret"})
    put(tmp_path / "secret" / "message.json", {"id": "x"})
    os.mkfifo(tmp_path / "a" / "storage" / "message" / "ses_1" / "msg_0.json")
    found = only(tmp_path / "a" / "storage" / "session")
    assert len(found.calls) == 2


def test_files_of_other_programs_that_look_alike_are_read_as_before(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hi."}]
    put(tmp_path / "a.json", {"id": "ses_1", "title": "One", "conversation": said})
    lines = [
        orjson.dumps({"id": f"msg_{n}", "sessionID": "s", **one}) for n, one in enumerate(said)
    ]
    (tmp_path / "msg_1.jsonl").write_bytes(b"\n".join(lines))
    found = list(items([str(tmp_path)]))
    assert [f.format for f in found if isinstance(f, Transcript)] == ["plain", "plain_lines"]


def test_a_session_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    newer(tmp_path, INFO)
    path = tmp_path / "storage" / "session"
    (found,) = items([str(path)], limits=Limits(session=200))
    assert isinstance(found, Unread)
    assert found.reason == "session too long"


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    newer(tmp_path, INFO)
    (tmp_path / "storage" / "part" / "msg_2" / "prt_3.json").write_text("{")
    (found,) = items([str(tmp_path / "storage" / "session")])
    assert isinstance(found, Unread)
    assert (found.reason, "prt_3.json" in found.detail) == ("malformed record", True)
