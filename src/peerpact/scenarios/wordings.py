"""The wordings of a text: paraphrases in a file beside it, each checked to say the same.

``request.md`` may have ``request.wordings.yaml``. The text itself is wording 1; a text with fewer wordings than
are asked for takes its own in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from peerpact.errors import StudyError
from peerpact.scenarios.parsing import parse
from peerpact.scenarios.sameness import check_same
from peerpact.text import read_text, read_yaml

__all__ = ["Wordings", "collect", "read_wordings", "said", "wordings_file"]

SUFFIX = ".wordings.yaml"

Wordings = Mapping[str, Sequence[str]]
"""Text as its file has it → all its wordings, itself first."""


class WordingsFile(BaseModel):
    """Paraphrases of one text, as written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: dict[str, tuple[str, ...]] = {}
    """A fact in a few words → words of which the text and every wording hold one."""
    wordings: tuple[str, ...] = Field(min_length=1)


def wordings_file(path: Path) -> Path:
    """Return where the paraphrases of a text lie, if it has any."""
    return path.with_suffix(SUFFIX)


@cache
def read_wordings(path: Path) -> tuple[str, ...]:
    """Return a text and its paraphrases.

    Raises:
        StudyError: The file is wrong, or a wording says something else; the message names file and key.
    """
    text, beside = read_text(path), wordings_file(path)
    if not beside.is_file():
        return (text,)
    written = parse(WordingsFile, read_yaml(beside), beside)
    found = (text, *(wording.rstrip("\n") for wording in written.wordings))
    check_same(found, written.says, str(beside))
    return found


def collect(paths: Iterable[Path]) -> Wordings:
    """Return the wordings of those texts that have more than one.

    Raises:
        StudyError: Two texts share a wording, so that what differs in one wording would not in another.
    """
    found: dict[str, Sequence[str]] = {}
    owner: dict[str, Path] = {}
    for path in dict.fromkeys(paths):
        every = read_wordings(path)
        if len(every) > 1:
            found[every[0]] = every
        for number, wording in enumerate(every, start=1):
            other = owner.setdefault(wording, path)
            if other != path and max(len(every), len(read_wordings(other))) > 1:
                raise StudyError(
                    f"wording {number} is also one of {other}",
                    where=str(wordings_file(path)),
                    found=wording[:60],
                    hint="two texts that differ must differ in every wording",
                )
    return found


def said(text: str, wordings: Wordings, number: int) -> str:
    """Return a text in the wording of that number, counted from 1."""
    every = wordings.get(text, (text,))
    return every[(number - 1) % len(every)]
