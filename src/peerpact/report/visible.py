"""Text from models made safe to look at: characters that hide, reorder or control become visible marks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["clear", "visible", "visible_tree"]

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_PICTURES = 0x2400
_LAST_PICTURED = 0x20
_DEL = 0x7F


def visible(text: str) -> str:
    """Return ``text`` with control characters, direction overrides and hidden characters as marks.

    A C0 control becomes its picture (``␛``), everything else its code point in brackets (``⟦U+202E⟧``).
    Tabs and newlines stay. What is left holds no lone surrogate, so it can be encoded as UTF-8.
    """
    return _HIDDEN.sub(_mark, text)


def clear(text: str) -> bool:
    """Whether ``visible`` would leave a text as it is."""
    return _HIDDEN.search(text) is None


def visible_tree(value: Any) -> Any:
    """Apply ``visible`` to every string of a JSON-like value, keys included."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(str(key)): visible_tree(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [visible_tree(child) for child in value]
    if value is None or isinstance(value, bool | int | float):
        return _exact(value)
    return visible(str(value))


def _mark(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < _LAST_PICTURED:
        return chr(_PICTURES + code)
    return "␡" if code == _DEL else f"⟦U+{code:04X}⟧"


_LARGEST = 2**53


def _exact(value: float | int | bool | None) -> Any:
    """Return a number that a browser reads as it is, else its digits as text."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return str(value)
    return value
