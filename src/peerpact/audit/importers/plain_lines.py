"""Plain JSON with one message a line: the file is one conversation, or one for each session id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peerpact.audit.dialects import add_message, is_message
from peerpact.audit.importer import Importer, Item, guarded, records
from peerpact.audit.reading import Source
from peerpact.audit.settings import ID_KEYS, add_settings
from peerpact.audit.transcript import Draft, Transcript, Unread
from peerpact.audit.usual import skimmed

__all__ = ["IMPORTER"]


def transcripts(session: tuple[str, list[Any]], where: str) -> Iterator[Transcript]:
    """Read the messages of one session."""
    key, messages = session
    draft = Draft()
    talk = skimmed(messages)
    for message in messages if talk is None else ():
        add_message(draft, message)
    add_settings(draft, {k: v for k, v in messages[0].items() if k not in {"role", "content"}})
    yield draft.finish(key or where, where, "plain_lines", talk)


def recognise(source: Source) -> bool:
    """Whether the source holds one message a line."""
    return source.shape == "lines" and is_message(source.value)


def read(source: Source) -> Iterator[Item]:
    """Read the file's sessions."""
    if source.data is None and source.path.stat().st_size > source.limits.session:
        yield Unread(source.label, "session too long")
        return
    sessions: dict[str, list[Any]] = {}
    for where, value in records(source):
        if isinstance(value, Unread):
            yield value
        elif is_message(value):
            key = next((str(value[k]) for k in ID_KEYS[1:] if value.get(k)), "")
            sessions.setdefault(key, []).append(value)
        else:
            yield Unread(where, "not a record of plain_lines")
    for key, messages in sessions.items():
        where = f"{source.label}#{key}" if key else source.label
        yield from guarded(transcripts, (key, messages), where)


IMPORTER = Importer("plain_lines", "plain JSON messages, one a line", recognise, read, 80)
