"""Data inside a page: JSON that cannot end its element, columns without repetition, packed evidence."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from markupsafe import Markup

from peerpact.report.visible import clear, visible_tree

__all__ = ["Pack", "clean_json", "columnar", "csp_hash", "embedded"]

_GZIP = 31
_BASE64 = 4 / 3
_ESCAPES = (b"\\u", b"\\b", b"\\f", b"\\r", b"\x7f")
"""What JSON shows where a text holds a control character."""


def clean_json(value: Any) -> bytes:
    """Return a value as JSON whose texts hide nothing; the careful way only where something may hide."""
    try:
        made = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:
        return orjson.dumps(visible_tree(value))
    if any(escape in made for escape in _ESCAPES) or not (made.isascii() or clear(made.decode())):
        return orjson.dumps(visible_tree(value))
    return made


def embedded(value: Any) -> Markup:
    """Return a value as JSON for a script element of data: ``<`` is escaped, so no tag can end it."""
    text = clean_json(value).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def columnar(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return rows as columns; values that repeat are numbered.

    Returns:
        Column name → ``{"v": values}``, or ``{"t": distinct values, "i": their numbers}``, where ``"n": rows``
        stands for numbers that are all 0.
    """
    if not rows:
        return {}
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _column(values: list[Any]) -> dict[str, Any]:
    try:
        places: dict[tuple[type, Any], int] = {}
        numbers = [places.setdefault((type(v), v), len(places)) for v in values]
    except TypeError:
        return {"v": values}
    if len(places) > len(values) / 2:
        return {"v": values}
    distinct = [value for _, value in places]
    return (
        {"t": distinct, "n": len(values)} if len(distinct) == 1 else {"t": distinct, "i": numbers}
    )


class Pack:
    """A list of JSON values, compressed as it grows, in base64; equal values give equal text."""

    def __init__(self, head: Mapping[str, Any], room: float) -> None:
        """Begin with the keys of ``head``; ``room`` is the length in base64 that it may reach."""
        self._zip = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        opening = clean_json(head)[:-1] + b',"runs":['
        self._parts = [self._zip.compress(opening) + self._zip.flush(zlib.Z_SYNC_FLUSH)]
        self._room = room / _BASE64
        self.count = 0

    def add(self, value: Any) -> bool:
        """Add a value; return False, and stay as it was, where there is no room for it."""
        before = self._zip.copy()
        made = self._zip.compress((b"," if self.count else b"") + clean_json(value))
        made += self._zip.flush(zlib.Z_SYNC_FLUSH)
        if sum(map(len, self._parts)) + len(made) > self._room:
            self._zip = before
            return False
        self._parts.append(made)
        self.count += 1
        return True

    def text(self) -> str:
        """Return the whole."""
        whole = b"".join(self._parts) + self._closed()
        return base64.b64encode(whole).decode()

    def _closed(self) -> bytes:
        end = self._zip.copy()
        return end.compress(b"]}") + end.flush()


def csp_hash(content: str) -> str:
    """Return the source expression that lets exactly this script or style run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
