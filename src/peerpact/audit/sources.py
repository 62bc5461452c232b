"""Which files an audit reads: paths, folders, globs, archives and standard input."""

from __future__ import annotations

import errno
import gzip
import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, NamedTuple, cast

from peerpact.audit.reading import LIMITS, Limits, Span, skip_line
from peerpact.audit.transcript import Unread
from peerpact.errors import StudyError

__all__ = ["SPAN", "STDIN", "File", "find", "spans", "spooled", "unpacked"]

CLOSED = frozenset({".tar", ".tgz", ".tbz2", ".txz", ".bz2", ".xz", ".7z", ".rar"})
"""Archives that are not read; they are counted, so that nobody takes them for read."""
SUFFIXES = CLOSED | frozenset(
    {
        ".json",
        ".jsonl",
        ".ndjson",
        ".eval",
        ".db",
        ".sqlite",
        ".csv",
        ".parquet",
        ".traj",
        ".gz",
        ".zst",
        ".zip",
    }
)
"""What a folder is searched for; a file that is named is always tried."""
PASSED_OVER = frozenset({".git", "node_modules", "__pycache__", ".venv"})
PACKED = frozenset({".gz", ".zst", ".zip"})
STDIN = "standard input"
STARTS = {
    b"\x1f\x8b": ".gz",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"PK\x03\x04": ".zip",
    b"PAR1": ".parquet",
}
"""What files begin with that have no lines."""
TREES = (
    re.compile(r"(.*/|)session/[^/]+/ses_[^/]+\.json$", re.DOTALL),
    re.compile(r"(.*?/|)(?:\d{4}/\d\d/\d\d/)?rollout-[^/_]*_[^/]*\.jsonl$", re.DOTALL),
)
"""Files that are read with those beside them, and the tree that they are in.

OpenCode keeps each part in a file, and Codex what it goes on with after turns were taken back.
"""
PLAIN = re.compile(r"(?!\.)[\w.-]{1,120}")
"""A name from an archive under which a file may be written."""
DAMAGED = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    zlib.error,
)
"""What an archive raises that is damaged, encrypted, or packed in a way that is not known."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a full disk is called."""
ENCRYPTED = 1
"""The flag of a file in a zip that needs a password."""
CHUNK = 1 << 20
SMALL = 64_000_000
"""Unpacked bytes below which no ratio is suspicious."""
SPAN = 32_000_000
"""Bytes of a file of lines that one worker takes at a time."""


class File(NamedTuple):
    """One file to read, or a part of it."""

    path: Path
    label: str
    span: Span | None = None


def find(paths: Iterable[str]) -> Iterator[File | Unread]:
    """Give every file that the paths name, once.

    Raises:
        StudyError: A path or a pattern names nothing.
    """
    names = list(paths)
    found = (one for name in names for one in _named(name))
    yield from found if len(names) == 1 else _once(found)


def _once(found: Iterable[File | Unread]) -> Iterator[File | Unread]:
    """Leave out what was there before: paths may overlap."""
    seen: set[str] = set()
    for one in found:
        place = os.path.realpath(one.path) if isinstance(one, File) else one.source
        if place not in seen:
            seen.add(place)
            yield one


def _named(name: str) -> Iterator[File | Unread]:
    if not name:  # no folder, though a path of nothing is the one that we are in
        yield from _pattern(name)
        return
    try:
        mode = Path(name).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        yield from _pattern(name)
    except (OSError, ValueError) as e:
        yield Unread(name, "cannot be opened", getattr(e, "strerror", None) or str(e))
    else:
        yield from _folder(Path(name)) if stat.S_ISDIR(mode) else [_regular(Path(name))]


def _pattern(name: str) -> Iterator[File | Unread]:
    path = Path(name)
    fixed = next((n for n, part in enumerate(path.parts) if set(part) & set("*?[")), None)
    root = Path(*path.parts[:fixed]) if fixed else Path()
    found = sorted(root.glob(str(Path(*path.parts[fixed:])))) if fixed is not None else []
    if not found:
        raise StudyError(
            "nothing is there to audit", where=name, hint="name a file, folder or glob"
        )
    for one in found:
        if one.is_file():
            yield _regular(one)


def _folder(folder: Path) -> Iterator[File | Unread]:
    closed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=closed.append, followlinks=False):
        folders[:] = sorted(set(folders) - PASSED_OVER)
        for name in sorted(names):
            path = Path(place) / name
            if path.suffix.lower() in SUFFIXES:
                yield _regular(path)
    for e in closed:
        yield Unread(str(e.filename), "cannot be opened", e.strerror or "")


def _regular(path: Path) -> File | Unread:
    try:
        mode = path.stat().st_mode
    except OSError as e:
        return Unread(str(path), "cannot be opened", e.strerror or "")
    if not stat.S_ISREG(mode):
        return Unread(str(path), "not a regular file")
    return File(path, str(path))


@contextmanager
def spooled(
    stream: BinaryIO, kinds: Mapping[bytes, str] = STARTS, usual: str = ".jsonl"
) -> Iterator[File]:
    """Keep standard input in a temporary file, so that memory stays flat.

    Args:
        stream: Standard input.
        kinds: How a file's name ends, by what the file begins with.
        usual: How it ends otherwise.
    """
    start = stream.read(CHUNK)
    begins = start.removeprefix(BOM_UTF8).lstrip()
    suffix = next((end for first, end in kinds.items() if begins.startswith(first)), usual)
    with tempfile.NamedTemporaryFile(prefix="peerpact-", suffix=suffix) as kept:
        kept.write(start)
        shutil.copyfileobj(stream, kept, CHUNK)
        kept.flush()
        yield File(Path(kept.name), STDIN)


def spans(file: File) -> Iterator[File]:
    """Cut a long file of lines at line ends."""
    size = file.path.stat().st_size
    with file.path.open("rb") as stream:
        start = before = 0
        while start < size:
            stream.seek(min(start + SPAN, size))
            skip_line(stream)
            end = max(stream.tell(), start + 1)
            yield file._replace(span=Span(start, end, before))
            before += _ends(file.path, start, end)
            start = end


def _ends(path: Path, start: int, end: int) -> int:
    """Count the line ends between two positions; a search for each is faster than a count where lines are long."""
    found = 0
    with path.open("rb", 0) as stream:
        stream.seek(start)
        while start < end and (part := stream.read(min(CHUNK, end - start))):
            start += len(part)
            at = part.find(b"\n")
            while at >= 0:
                found += 1
                at = part.find(b"\n", at + 1)
    return found


def unpacked(file: File, limits: Limits = LIMITS) -> Iterator[File | Unread]:
    """Give a file, or the files inside a packed one, each in a temporary file while it is read.

    Names inside an archive are labels only: nothing is ever written under them, but for files that are read with
    their neighbours, whose names are plain words below a folder of our own.
    """
    suffix = file.path.suffix.lower()
    if suffix in CLOSED:
        yield _closed(file.label)
        return
    if suffix not in PACKED:
        yield file
        return
    try:
        if suffix == ".zip":
            yield from _members(file, limits)
        else:
            with _decompressed(file.path, suffix) as stream:
                inner = PurePosixPath(file.path.stem)
                yield from _spooled_member(
                    stream, file.label, inner, file.path.stat().st_size, limits
                )
    except DAMAGED as e:
        yield _damaged(file.label, e)


def _damaged(label: str, e: Exception) -> Unread:
    if isinstance(e, OSError) and e.errno in FULL:
        return Unread(label, "no room to unpack it", f"in {tempfile.gettempdir()}")
    return Unread(label, "damaged archive", f"{type(e).__name__}: {e}"[:200])


def _closed(label: str) -> Unread:
    return Unread(label, "archive of a kind that is not read", "(unpack it)")


@contextmanager
def _decompressed(path: Path, suffix: str) -> Iterator[IO[bytes]]:
    if suffix == ".gz":
        with path.open("rb") as raw, cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) as unzipped:
            yield unzipped
        return
    try:
        import zstandard
    except ImportError:
        raise ValueError("needs the package zstandard") from None
    try:
        with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
            yield stream
    except zstandard.ZstdError as e:
        raise ValueError(str(e)) from e


def _members(file: File, limits: Limits) -> Iterator[File | Unread]:
    with zipfile.ZipFile(file.path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        if len(members) > limits.members:
            yield Unread(file.label, "too many files in an archive")
            return
        names = [_name(m).as_posix() for m in members]
        trees = {found[1] for tree in TREES for name in names if (found := tree.match(name))}
        together = {m: None for m in members if _is_in(_name(m), trees)}
        with tempfile.TemporaryDirectory(prefix="peerpact-") as folder:
            yield from _unpacked_together(archive, together, file.label, Path(folder), limits)
        for member in members:
            if member not in together:
                yield from _member(archive, member, file.label, limits)


def _name(member: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(member.filename.replace("\\", "/"))


def _is_in(name: PurePosixPath, trees: set[str]) -> bool:
    """Whether a file is in a tree whose files are read together, under a name that is safe to write."""
    parts = name.parts
    above = ("".join(f"{part}/" for part in parts[:n]) for n in range(len(parts)))
    inside = name.suffix in {".json", ".jsonl"} and not trees.isdisjoint(above)
    return inside and all(map(PLAIN.fullmatch, parts))


def _unpacked_together(
    archive: zipfile.ZipFile,
    members: Iterable[zipfile.ZipInfo],
    label: str,
    folder: Path,
    limits: Limits,
) -> Iterator[File | Unread]:
    """Give files that are read with their neighbours, when all of them are in place."""
    found: list[File] = []
    left = limits.unpacked
    for member in members:
        place, name = folder / _name(member), f"{label}!{member.filename}"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as stream, place.open("xb") as kept:
                whole = _copied(stream, kept, min(left, _most(member.compress_size, limits)))
        except DAMAGED as e:
            yield _damaged(name, e)
            continue
        left -= place.stat().st_size
        if whole:
            found.append(File(place, name))
        else:
            place.unlink()
            yield Unread(name, "unpacks too far")
    yield from found


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, label: str, limits: Limits
) -> Iterator[File | Unread]:
    name = _name(member)
    label = f"{label}!{member.filename}"
    if name.is_absolute() or ".." in name.parts:
        yield Unread(label, "path climbs out of the archive")
    elif member.flag_bits & ENCRYPTED:
        yield Unread(label, "encrypted")
    elif name.suffix.lower() in SUFFIXES:
        try:
            with archive.open(member) as stream:
                yield from _spooled_member(stream, label, name, member.compress_size, limits)
        except DAMAGED as e:
            yield _damaged(label, e)


def _spooled_member(
    stream: IO[bytes], label: str, name: PurePosixPath, packed: int, limits: Limits
) -> Iterator[File | Unread]:
    suffix = name.suffix.lower()
    if suffix in CLOSED:
        yield _closed(label)
        return
    if suffix in PACKED:
        yield Unread(label, "archive inside an archive")
        return
    with tempfile.NamedTemporaryFile(prefix="peerpact-", suffix=suffix) as kept:
        try:
            if not _copied(stream, kept, _most(packed, limits)):
                yield Unread(label, "unpacks too far")
                return
        except EOFError:
            if not kept.tell():
                raise
            yield Unread(label, "archive cut off", "what comes before the cut is read")
        kept.flush()
        yield File(Path(kept.name), label)


def _most(packed: int, limits: Limits) -> int:
    """Return how many bytes a file may unpack to that takes ``packed`` in its archive."""
    return min(limits.unpacked, max(SMALL, packed * limits.ratio))


def _copied(stream: IO[bytes], kept: IO[bytes], most: int) -> bool:
    """Copy no more than ``most`` bytes; say whether that was all."""
    size, read = (
        0,
        getattr(stream, "read1", stream.read),
    )  # of a file that is cut off, up to the cut
    while chunk := read(CHUNK):
        size += len(chunk)
        if size > most:
            return False
        kept.write(chunk)
    return True
