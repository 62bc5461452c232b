"""What a scenario is made of: every text and all code that its runs hang on, each file by its hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from peerpact.scenarios.load import PACKAGE, load
from peerpact.scenarios.wordings import wordings_file

__all__ = ["changed", "contents"]

KINDS = {".md", ".yaml", ".py"}
FOR_PEOPLE = {"README.md"}
ALWAYS = ("shared/refusals.yaml", "shared/tools", "shared/prompts/nudge.md", "shared/questions")
"""What every scenario reads without naming it."""
_SHARED = re.compile(r"shared/[\w./-]+")


def contents(name: str) -> dict[str, str]:
    """Return the files of a scenario with their hashes: those of its folder, and the shared ones that they name.

    Raises:
        StudyError: There is no such scenario.
    """
    folder = load(name).folder
    own = (path for path in folder.rglob("*") if _counts(path, folder))
    files = {path.relative_to(folder).as_posix(): path for path in own}
    waiting = [path for start in ALWAYS for path in _below(PACKAGE / start)]
    waiting += [path for file in files.values() for path in _named(file)]
    while waiting:
        path = waiting.pop()
        key = path.relative_to(PACKAGE).as_posix()
        if key not in files:
            files[key] = path
            waiting += _named(path)
    return {key: _hash(files[key]) for key in sorted(files)}


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return in words which files differ, each with what happened to it."""
    told = {**dict.fromkeys(old, "is gone"), **{file: "is new" for file in new if file not in old}}
    told |= dict.fromkeys(old.keys() & new.keys(), "changed")
    return [f"{file} {told[file]}" for file in sorted(told) if old.get(file) != new.get(file)]


def _counts(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
    return path.suffix in KINDS and path.name not in FOR_PEOPLE and not hidden and path.is_file()


def _named(file: Path) -> Iterator[Path]:
    """Yield the shared files that a file names, and the wordings beside it."""
    if PACKAGE / "shared" in file.parents:
        yield from _below(wordings_file(file))
    if file.suffix == ".yaml":
        for found in _SHARED.findall(file.read_text(encoding="utf-8", errors="replace")):
            yield from _below(PACKAGE / found)


def _below(path: Path) -> Iterator[Path]:
    """Yield a file, or those of a folder."""
    if path.is_dir():
        yield from (one for one in path.rglob("*") if _counts(one, path))
    elif path.is_file():
        yield path


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
