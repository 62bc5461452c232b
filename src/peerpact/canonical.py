"""One byte string for one value: canonical JSON and its hash.

Two worlds, cells or prompts are the same exactly when their canonical forms are.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

__all__ = ["canonical", "digest"]


def canonical(value: Any) -> bytes:
    """Return ``value`` as JSON with sorted keys and no spaces.

    A model may pass what JSON libraries refuse (integers beyond 64 bits, lone surrogates): such a value is
    written by the standard library instead, escaped to ASCII.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()


def digest(value: Any) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()[:16]
