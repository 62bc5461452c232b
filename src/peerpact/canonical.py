"""One byte string for one value: canonical JSON and its hash.

Two worlds, cells or prompts are the same exactly when their canonical forms are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import orjson

__all__ = ["canonical", "digest", "parsed", "writable"]


def canonical(value: Any) -> bytes:
    """Return ``value`` as JSON with sorted keys and no spaces; ``parsed`` reads it.

    A model may pass what JSON libraries refuse (integers beyond 64 bits, lone surrogates): such a value is
    written by the standard library instead, escaped to ASCII.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        ascii_only = json.dumps(writable(value), sort_keys=True, separators=(",", ":"), default=str)
        return ascii_only.encode()


def parsed(line: bytes) -> Any:
    """Return the value of a line of JSON, lone surrogates in it as their escapes.

    Raises:
        JSONDecodeError: It is none.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return writable(json.loads(line))


def writable(value: Any) -> Any:
    r"""Return ``value`` with each lone surrogate in it as its escape (``\ud83d``), which any file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {writable(key): writable(child) for key, child in value.items()}
    return [writable(child) for child in value] if isinstance(value, list | tuple) else value


def digest(value: Any) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()[:16]
