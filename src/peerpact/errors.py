"""The error tree: who sees an error and what they can do.

PeerpactError
├── StudyError      the author's files or arguments are wrong      → mend the named file or flag
├── WorldError      an action that the world refuses               → the subject reads it as a tool error
├── SubjectError    a model could not be reached or answered badly → check key, route, quota
├── JudgeError      no valid verdict could be had                  → the run stays undecided
├── ImportFailure   a transcript or table cannot be read           → skipped with a counted reason
└── ResultsError    results are missing, mixed or unwritable       → name another directory

A ``StudyError`` ends the command line with exit code 2, any other with 1; neither shows a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ImportFailure",
    "JudgeError",
    "PeerpactError",
    "ResultsError",
    "StudyError",
    "SubjectError",
    "WorldError",
    "allowed",
]

LONGEST = 1_000
"""Characters of what was found that a message repeats."""


class PeerpactError(Exception):
    """Something that a person can act on; the message says what, where, what is allowed, what to do."""

    exit_code = 1


class StudyError(PeerpactError):
    """A file or an argument that the author of a study can mend."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", found: object = None, hint: str = "") -> None:
        self.what, self.where, self.found, self.hint = what, where, found, hint
        parts = [f"{where}: {what}" if where else what]
        if found is not None:
            written = repr(found)
            parts.append(f"found {written[:LONGEST]}{'…' if len(written) > LONGEST else ''}")
        if hint:
            parts.append(hint)
        super().__init__("; ".join(parts))


class WorldError(PeerpactError):
    """An action that the world refuses: ``kind`` names the refusal, whose text the scenario owns."""

    def __init__(self, kind: str, **facts: object) -> None:
        self.kind, self.facts = kind, facts
        super().__init__(f"{kind} {facts}" if facts else kind)


class SubjectError(PeerpactError):
    """A subject could not be reached, or answered with something that is no answer."""


class JudgeError(PeerpactError):
    """A judge gave no verdict in its schema; the run stays undecided."""


class ImportFailure(PeerpactError):
    """A transcript or a table of scores that cannot be read."""


class ResultsError(PeerpactError):
    """Results that are missing, belong to another study, or cannot be written."""


def allowed(found: str, names: Iterable[str]) -> str:
    """Say what is allowed instead of ``found``, the nearest match first."""
    options = sorted(names)
    near = difflib.get_close_matches(found, options, n=1)
    guess = f"did you mean {near[0]!r}? " if near else ""
    return f"{guess}allowed: {', '.join(options) or 'nothing'}"
