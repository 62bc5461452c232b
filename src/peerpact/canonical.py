"""One byte string for one value: canonical JSON and its hash.

Two worlds, cells or prompts are the same exactly when their canonical forms are.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

__all__ = ["canonical", "digest"]


def canonical(value: Any) -> bytes:
    """Return ``value`` as JSON with sorted keys and no spaces (UTF-8)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def digest(value: Any) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()[:16]
