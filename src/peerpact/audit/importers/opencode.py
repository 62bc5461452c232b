"""OpenCode's database, opened read-only: nothing beside it is written, locked or recovered.

What a running OpenCode wrote last is in a log beside the database; both are then read from a copy. Turns that the
user took back leave the tables once the session goes on; what happened to them is in the table of events.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import orjson

from peerpact.audit.importer import MALFORMED, Importer, Item, guarded
from peerpact.audit.opencode_parts import Session
from peerpact.audit.reading import Source
from peerpact.audit.transcript import Transcript, Unread
from peerpact.text import counted

__all__ = ["IMPORTER"]

Turn: TypeAlias = tuple[str, dict[str, Any], list[dict[str, Any]]]
"""The id of a message, the message and its parts."""

MAGIC = b"SQLite format 3\x00"
NEEDED = {"session", "message", "part"}
SESSIONS = "SELECT id, parent_id, title, {revert} FROM session ORDER BY rowid"
PARTS = """
    SELECT m.id, m.data, p.id, p.data FROM message m LEFT JOIN part p ON p.message_id = m.id
    WHERE m.session_id = ? AND length(m.data) <= ? AND coalesce(length(p.data), 0) <= ?
    ORDER BY m.rowid, p.rowid
"""
LOST = """
    SELECT count(*) FROM message m LEFT JOIN part p ON p.message_id = m.id
    WHERE m.session_id = ? AND (length(m.data) > ? OR length(p.data) > ?)
"""
EVENTS = """
    SELECT data FROM event WHERE aggregate_id = ? AND type LIKE ? AND length(data) <= ? ORDER BY seq
"""
EVENT_TABLE = {"aggregate_id", "type", "seq", "data"}
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


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _sessions(connection: sqlite3.Connection) -> str:
    """Return what asks for the sessions; old databases do not know that a user takes something back."""
    revert = "revert" if "revert" in _columns(connection, "session") else "NULL"
    return SESSIONS.format(revert=revert)


def read(source: Source) -> Iterator[Item]:
    """Read every session."""
    try:
        with _opened(source) as (connection, notes):
            for row in connection.execute(_sessions(connection)).fetchall():
                where = f"{source.label}#{row[0]}"
                yield from guarded(_session, (connection, source, row, notes), where)
    except (sqlite3.Error, OSError) as e:
        yield Unread(source.label, "damaged database", str(e)[:200])


def _session(opened: tuple[Any, ...], where: str) -> Iterator[Transcript]:
    connection, source, (id, parent, title, revert), notes = opened
    limit = source.limits.line
    taken = orjson.loads(revert) if revert else None
    session = Session({"id": id, "parentID": parent, "title": title, "revert": taken}, notes)
    if lost := connection.execute(LOST, (id, limit, limit)).fetchone()[0]:
        session.draft.notes.append(f"{counted(lost, 'part was', 'parts were')} too long to read")
    try:
        removed = _removed(connection, id, limit)
    except MALFORMED:
        removed = []
        session.draft.note("its events, which hold what was taken back, could not be read")
    gone = {key for key, *_ in removed}
    for key, message, parts in merge(_kept(connection, id, limit), removed, key=itemgetter(0)):
        session.add({**message, "id": key}, parts, removed=key in gone)
    yield session.finish(where)


def _kept(connection: sqlite3.Connection, session: str, limit: int) -> Iterator[Turn]:
    rows = connection.execute(PARTS, (session, limit, limit))
    for (key, message), found in groupby(rows, lambda row: (row[0], row[1])):
        parts = [{**orjson.loads(part), "id": part_id} for *_, part_id, part in found if part]
        yield key, orjson.loads(message), parts


def _removed(connection: sqlite3.Connection, session: str, limit: int) -> list[Turn]:
    """Return the messages that are no longer in their table, as the events tell of them last."""
    if not _columns(connection, "event") >= EVENT_TABLE:
        return []

    def events(kind: str) -> Iterator[dict[str, Any]]:
        rows = connection.execute(EVENTS, (session, f"message.{kind}.%", limit))
        return (orjson.loads(data) for (data,) in rows)

    parts: dict[str, dict[str, Any]] = {str(one.get("messageID")): {} for one in events("removed")}
    if not parts:
        return []
    for part in (one.get("part") or {} for one in events("part.updated")):
        parts.get(str(part.get("messageID")), {})[str(part.get("id"))] = part
    told = {
        str(info.get("id")): info for info in (one.get("info") or {} for one in events("updated"))
    }
    return [(key, told[key], list(parts[key].values())) for key in sorted(parts) if key in told]


IMPORTER = Importer("opencode", "OpenCode's database", recognise, read, 6)
