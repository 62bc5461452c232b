"""A record of a transcript as a file, and what an audit reads in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from peerpact.audit import Transcript, read


def text(value: Any) -> str:
    return orjson.dumps(value).decode()


def only(value: Any, path: Path) -> Transcript:
    """Write a value, and return the one transcript that is read in it."""
    path.write_text(text(value), encoding="utf-8")
    (found,) = read(path)
    assert isinstance(found, Transcript), found
    return found
