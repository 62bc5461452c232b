"""The drawing engine, in a process of its own: its 70 MB end with it and are not added to those of the runs.

The process reads one specification a line and answers with one line. It ends when its input does, so it outlives
nobody, however this process ends.
"""

from __future__ import annotations

import atexit
import subprocess
import sys
from functools import lru_cache
from threading import Lock
from typing import IO

import orjson

from peerpact.errors import ResultsError

__all__ = ["svg"]

PROGRAM = """
import json, sys
import vl_convert
for line in sys.stdin.buffer:
    try:
        answer = {"svg": vl_convert.vegalite_to_svg(line.decode())}
    except Exception as e:
        answer = {"error": f"{type(e).__name__}: {e}"}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\\n")
    sys.stdout.buffer.flush()
"""
_ONE = Lock()


def svg(specification: bytes) -> str:
    """Return the picture of a Vega-Lite specification, which is JSON in one line.

    Raises:
        ResultsError: The engine does not draw it, or cannot be started.
    """
    with _ONE:
        answer = _asked(specification)
    if "svg" not in answer:
        raise ResultsError(f"a picture could not be drawn ({answer['error']})")
    return answer["svg"]


def _asked(specification: bytes) -> dict[str, str]:
    try:
        given, taken = _engine()
        given.write(specification + b"\n")
        given.flush()
        line = taken.readline()
        answer: dict[str, str] = orjson.loads(line) if line else {"error": "the engine has ended"}
    except OSError as e:
        answer = {"error": str(e)}
    if "svg" not in answer:
        _engine.cache_clear()
    return answer


@lru_cache(maxsize=1)
def _engine() -> tuple[IO[bytes], IO[bytes]]:
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for this process; its end ends the other
    )
    if started.stdin is None or started.stdout is None:  # never, with the pipes asked for above
        raise OSError("the engine has no pipes")
    atexit.register(started.stdin.close)
    return started.stdin, started.stdout
