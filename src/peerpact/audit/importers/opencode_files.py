"""The files in which older versions of OpenCode keep their sessions: one for each session, message and part.

A session is read where its own file is met, with the messages and parts beside it, whose files are then passed
over. The names of files and folders tell which are its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from peerpact.audit.importer import Importer, Item, guarded
from peerpact.audit.opencode_parts import Session
from peerpact.audit.reading import Source, parse
from peerpact.audit.transcript import Transcript, Unread
from peerpact.errors import ImportFailure

__all__ = ["IMPORTER"]

BESIDE = "a part of OpenCode's sessions"
"""What a file holds that is read with the file of its session."""
OTHERS = frozenset({"permission", "project", "session_diff", "session_share", "todo"})
"""Folders beside the sessions in which nobody speaks."""


def recognise(source: Source) -> bool:
    """Whether the source is a session, a message, a part or another file in such a folder."""
    if source.path.parent.name in OTHERS:
        return any(source.path.absolute().parent.parent.glob("session/*/ses_*.json"))
    return source.shape == "document" and (_is_session(source) or _is_piece(source))


def _is_session(source: Source) -> bool:
    return _is_kind(source, "ses_", {"id", "title"})


def _is_piece(source: Source) -> bool:
    """Whether the source is a message or a part."""
    message, part = {"id", "sessionID", "role"}, {"id", "sessionID", "messageID"}
    return _is_kind(source, "msg_", message) or _is_kind(source, "prt_", part)


def _is_kind(source: Source, begins: str, keys: set[str]) -> bool:
    value = source.value
    named = source.path.name.startswith(begins) and isinstance(value, dict)
    return named and keys <= value.keys() and str(value["id"]).startswith(begins)


def read(source: Source) -> Iterator[Item]:
    """Read a session with what is beside it, or pass over what is read with one."""
    if _is_session(source):
        yield from _held(source)
    elif source.path.parent.name in OTHERS or _is_owned(source):
        yield Unread(source.label, BESIDE, apart=True)
    else:
        yield Unread(source.label, "its session is missing")


def _is_owned(source: Source) -> bool:
    """Whether the session of a message or a part, and the part's message, are where they should be."""
    session, message = (
        Path(str(source.value.get(key, ""))).name for key in ("sessionID", "messageID")
    )
    for root in source.path.absolute().parents[2:4]:
        folders = [root / "info", *(root / "session").glob("*")]
        held = not message or (root / "message" / session / f"{message}.json").is_file()
        if held and any((folder / f"{session}.json").is_file() for folder in folders):
            return True
    return False


def _held(source: Source) -> Iterator[Item]:
    """Read a session; its messages are in a folder that bears its name, in the newer or the older place."""
    path = source.path.absolute()
    roots = (path.parent.parent.parent, path.parent.parent)
    root = next((r for r in roots if (r / "message" / path.stem).is_dir()), None)
    if root is None:
        yield Unread(source.label, "the messages of the session are missing")
        return
    parts = root / "part" / path.stem  # the older place has a folder more
    parts = parts if parts.is_dir() else root / "part"
    pieces = [(one, _files(parts / one.stem)) for one in _files(root / "message" / path.stem)]
    size = sum(file.stat().st_size for one, inner in pieces for file in (one, *inner))
    if size > source.limits.session:
        yield Unread(source.label, "session too long")
    else:
        yield from guarded(_session, (source, pieces), source.label)


def _files(folder: Path) -> list[Path]:
    found = folder.glob("*.json") if not folder.is_symlink() else ()
    return sorted(one for one in found if one.is_file())


def _session(
    pair: tuple[Source, list[tuple[Path, list[Path]]]], where: str
) -> Iterator[Transcript]:
    source, pieces = pair
    session = Session(source.value)
    for path, files in pieces:
        message = _value(path, source)
        parts = [_value(file, source) for file in files] or message.get("parts") or []
        session.add(message, parts)
    yield session.finish(where)


def _value(path: Path, source: Source) -> dict[str, Any]:
    try:
        found = parse(path.read_bytes(), source.limits)
    except (ImportFailure, OSError) as e:
        raise ValueError(f"{path.name}: {e}") from e
    if not isinstance(found, dict):
        raise TypeError(f"{path.name} holds no object")
    return found


IMPORTER = Importer("opencode_files", "OpenCode's files", recognise, read, 7)
