"""Getting one wheel from the package index that pip is set up for, without installing it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from peerpact.errors import SubjectError

__all__ = ["pip_download"]

POLL_SECONDS = 0.2
OPTIONS = (
    "--no-deps",
    "--only-binary=:all:",  # a source archive would run its build script
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--no-input",
    "--progress-bar=off",
    "--retries=2",
)


def pip_download(requirement: str, folder: Path, tick: Callable[[], None]) -> Path:
    """Download the wheel of a requirement with pip.

    Args:
        requirement: ``package==version``.
        folder: Gets the wheel, and the file that grows meanwhile.
        tick: Called several times a second.

    Returns:
        The wheel.

    Raises:
        SubjectError: pip is missing, or cannot get the wheel; the message holds its last words.
    """
    scratch = folder / "growing"
    scratch.mkdir()
    log = folder / "pip.log"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        *OPTIONS,
        "--dest",
        str(folder),
        requirement,
    ]
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    code = _run(command, {**os.environ, **temporary}, log, tick)
    wheels = list(folder.glob("*.whl"))
    if code or not wheels:
        raise SubjectError(f"pip could not download {requirement}: {_last_words(log)}")
    return wheels[0]


def _run(
    command: list[str], environment: dict[str, str], log: Path, tick: Callable[[], None]
) -> int:
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            return _watch(process, tick)
        finally:
            process.kill()
            process.wait()


def _watch(process: subprocess.Popen[bytes], tick: Callable[[], None]) -> int:
    while process.poll() is None:
        tick()
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_SECONDS)
    return process.returncode


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    errors = [line for line in said if line.startswith("ERROR:")]
    return " ".join((errors or said)[-2:]) or "it said nothing"
