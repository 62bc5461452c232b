"""OpenCode's database, opened read-only: nothing beside it is written, locked or recovered.

What a running OpenCode wrote last is in a log beside the database; both are then read from a copy.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from peerpact.audit.importer import Importer, Item, guarded
from peerpact.audit.reading import Source
from peerpact.audit.transcript import Draft, Transcript, Unread, flat
from peerpact.text import counted

__all__ = ["IMPORTER"]

MAGIC = b"SQLite format 3\x00"
NEEDED = {"session", "message", "part"}
SESSIONS = "SELECT id, parent_id, title FROM session ORDER BY rowid"
PARTS = """
    SELECT m.id, m.data, p.data FROM message m LEFT JOIN part p ON p.message_id = m.id
    WHERE m.session_id = ? AND length(m.data) <= ? AND coalesce(length(p.data), 0) <= ?
    ORDER BY m.rowid, p.rowid
"""
LOST = """
    SELECT count(*) FROM message m LEFT JOIN part p ON p.message_id = m.id
    WHERE m.session_id = ? AND (length(m.data) > ? OR length(p.data) > ?)
"""
UNMERGED = (
    "the write-ahead log beside the database was not read; the newest messages may be missing"
)
COPIED = 1_000_000_000
"""Bytes of a database with its log that are copied to be read together."""


@contextmanager
def _opened(source: Source) -> Iterator[tuple[sqlite3.Connection, list[str]]]:
    """Open the database; give the connection and what has to be noted."""
    log = _log(source.path)
    if log is None:
        with closing(_connect(source.path, "immutable=1")) as connection:
            yield connection, []
    elif source.path.stat().st_size + log.stat().st_size > COPIED:
        with closing(_connect(source.path, "immutable=1")) as connection:
            yield connection, [UNMERGED]
    else:
        with tempfile.TemporaryDirectory(prefix="peerpact-") as folder:
            copied = Path(folder) / "copy.db"
            shutil.copyfile(log, f"{copied}-wal")
            shutil.copyfile(source.path, copied)
            with closing(_connect(copied, "")) as connection:
                yield connection, []


def _log(path: Path) -> Path | None:
    log = path.with_name(path.name + "-wal")
    return log if log.is_file() and log.stat().st_size else None


def _connect(path: Path, how: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.resolve()))}?mode=ro&{how}"
    connection = sqlite3.connect(address, uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def recognise(source: Source) -> bool:
    """Whether the source is a database with OpenCode's tables."""
    if not source.start.startswith(MAGIC):
        return False
    try:
        with _opened(source) as (connection, _):
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {row[0] for row in rows} >= NEEDED
    except (sqlite3.Error, OSError):
        return False


def read(source: Source) -> Iterator[Item]:
    """Read every session."""
    try:
        with _opened(source) as (connection, notes):
            for id, parent, title in connection.execute(SESSIONS).fetchall():
                where = f"{source.label}#{id}"
                yield from guarded(_session, (connection, source, id, parent, title, notes), where)
    except (sqlite3.Error, OSError) as e:
        yield Unread(source.label, "damaged database", str(e)[:200])


def _session(opened: tuple[Any, ...], where: str) -> Iterator[Transcript]:
    connection, source, id, parent, title, notes = opened
    limit = source.limits.line
    draft = Draft()
    draft.notes.extend(notes)
    if lost := connection.execute(LOST, (id, limit, limit)).fetchone()[0]:
        draft.notes.append(f"{counted(lost, 'part was', 'parts were')} too long to read")
    if parent:
        draft.notes.append(f"a sub-agent's session, of {parent}")
    draft.facts["title"] = str(title or "")
    agent = "sub-agent" if parent else ""
    latest = None
    for message_id, message, part in connection.execute(PARTS, (id, limit, limit)):
        known = orjson.loads(message)
        if message_id != latest:
            latest = message_id
            _add_message(draft, known)
        if part:
            _add_part(draft, known, orjson.loads(part), agent)
    yield draft.finish(str(id), where, "opencode")


def _add_message(draft: Draft, message: Mapping[str, Any]) -> None:
    draft.agent = str(message.get("modelID") or draft.agent)
    if message.get("error"):
        draft.status = "failed"


def _add_part(
    draft: Draft, message: Mapping[str, Any], part: Mapping[str, Any], agent: str
) -> None:
    role = "assistant" if message.get("role") == "assistant" else "user"
    model = str(message.get("modelID") or "")
    kind = part.get("type")
    if kind == "text":
        draft.say(role, flat(part.get("text")), "", agent, model)
    elif kind == "reasoning":
        draft.say(role, "", flat(part.get("text")), agent, model)
    elif kind == "tool":
        _add_tool(draft, part, agent, model)
    elif kind in {"subtask", "patch"}:
        draft.say(role, flat(part.get("prompt") or part.get("files")), "", agent, model)


def _add_tool(draft: Draft, part: Mapping[str, Any], agent: str, model: str) -> None:
    state = part.get("state") or {}
    draft.say("assistant", "", "", agent, model)
    given = str(part.get("callID") or "")
    id = draft.call(str(part.get("tool")), state.get("input"), given, agent)
    if state.get("status") in {"completed", "error"}:
        text = flat(state.get("output") or state.get("error"))
        draft.say("tool", text, "", agent)
        draft.reply(id, text, state.get("status") == "error")


IMPORTER = Importer("opencode", "OpenCode's database", recognise, read, 6)
