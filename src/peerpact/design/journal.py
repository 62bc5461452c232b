"""The journal of a study: one line a finished run, appended the moment it ends.

The journal is what counts: a run is done when its identity is in it, and an identity counts once. A line cut
short by a crash is dropped and its run is made again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from peerpact.design.record import Run, Shared
from peerpact.design.study import Study
from peerpact.errors import ResultsError, StudyError
from peerpact.scenarios.contents import changed, contents
from peerpact.scoring.probed import Probed
from peerpact.text import write_whole

__all__ = [
    "FAILED",
    "PROVIDER_ERROR",
    "UNFINISHED",
    "Entry",
    "Journal",
    "add_line",
    "claim",
    "counts",
    "entries",
    "mend",
    "read_runs",
]

RUNS = "runs.jsonl"
STUDY = "study.json"
SCENARIOS = "scenarios"
MOST = 5
"""Changed files of a scenario that are named."""
PROVIDER_ERROR = "provider_error"
FAILED = frozenset({PROVIDER_ERROR, "harness_error"})
"""Endings by an error that nobody meant; such a run is made again where that is asked for."""
UNFINISHED = frozenset({"budget_cap", "interrupted"})
"""Endings of runs that were cut off from outside: they are missing, and the next command makes them again."""


@dataclass
class Journal:
    """The results folder of one study, open for appending."""

    folder: Path
    done: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    """Identity → the provider's error, of the runs that one ended and that nobody made again."""
    spent: tuple[int, float] = (0, 0.0)
    """Tokens and US dollars, where a price is known, of all that is there, runs that were made again included."""
    unpriced: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Subject → tokens in and out of its runs and their probes whose price nobody knew when they were made."""

    @classmethod
    def open(cls, folder: Path, study: Study, package: str, retry_errors: bool = False) -> Journal:
        """Open a results folder, or make it.

        Args:
            folder: Where the results lie.
            study: Whose results they are.
            package: Version of peerpact.
            retry_errors: Count a run that an error ended as missing.

        Raises:
            ResultsError: The folder holds another study, or another design of it, or cannot be written.
        """
        claim(folder, study, package)
        mend(folder / RUNS)
        journal, tokens, cost = cls(folder), 0, 0.0
        for entry in entries(folder):
            run = entry.run
            tokens += run.tokens
            cost += sum(c for c in run.costs if c is not None)
            journal._note_unpriced(run)
            if run.ending in UNFINISHED:
                continue
            journal._note(run)
            if not (retry_errors and run.ending in FAILED):
                journal.done.add(run.identity)
        journal.spent = (tokens, cost)
        return journal

    def append(self, run: Run) -> None:
        """Write one run; an identity that is there already is not written again.

        Raises:
            ResultsError: The disk refuses; everything written before stays.
        """
        if run.identity in self.done:
            return
        add_line(self.folder / RUNS, run.to_json(), "runs")
        if run.ending not in UNFINISHED:
            self._note(run)
            self.done.add(run.identity)

    def _note_unpriced(self, run: Run) -> None:
        every: tuple[Run | Probed, ...] = (run, *run.probes.values())
        asked = [one for one in every if one.cost is None]
        if asked:
            before = self.unpriced.get(run.subject, (0, 0))
            tokens_in = before[0] + sum(one.tokens_in for one in asked)
            self.unpriced[run.subject] = (
                tokens_in,
                before[1] + sum(one.tokens_out for one in asked),
            )

    def _note(self, run: Run) -> None:
        self.failures.pop(run.identity, None)
        if run.ending == PROVIDER_ERROR:
            self.failures[run.identity] = run.detail


def claim(folder: Path, study: Study, package: str) -> str:
    """Make a results folder the study's own, or check that it is.

    Returns:
        What cannot be checked, in words; empty where everything is.

    Raises:
        ResultsError: The folder holds another study, or another design of it, or cannot be written.
        StudyError: It holds runs of a scenario whose files were others.
    """
    frozen: dict[str, Any] = {
        "package": package,
        "digest": study.digest,
        "study": study.model_dump(mode="json"),
        SCENARIOS: {name: contents(name) for name in sorted(study.scenarios)},
    }
    unknown = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / STUDY
        if path.exists():
            old = _frozen(path)
            _same(old, frozen, path)
            unknown = _same_scenarios(old[SCENARIOS], frozen[SCENARIOS], folder)
        write_whole(path, orjson.dumps(frozen, option=orjson.OPT_INDENT_2).decode())
    except OSError as e:
        raise ResultsError(f"{folder}: this results folder cannot be used ({e.strerror})") from e
    return unknown


def _frozen(path: Path) -> dict[str, Any]:
    """Return the design that the results of a folder have."""
    try:
        found = orjson.loads(path.read_bytes())
        kept = {name: {**files} for name, files in found.get(SCENARIOS, {}).items()}
        named = {
            "package": found["package"],
            "digest": found["digest"],
            "study": {**found["study"]},
        }
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as e:
        raise ResultsError(
            f"{path}: this file is damaged, so nobody can say whose results these are; put it back, "
            "or name another folder with --log-dir"
        ) from e
    return {**named, SCENARIOS: kept}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal, and where it lies in the file, in bytes."""

    run: Run
    start: int
    length: int


def entries(folder: Path, shared: Shared | None = None) -> Iterator[Entry]:
    """Read a journal line by line, one in memory at a time, runs that were made again included.

    Args:
        folder: The results folder.
        shared: Read the records lightly.

    Raises:
        ResultsError: A line is no record.
    """
    path = folder / RUNS
    if not path.exists():
        return
    start = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield Entry(Run.from_json(line, shared), start, len(line))
            except ResultsError as e:
                hint = "delete the line, and the same command makes its run again"
                raise ResultsError(f"{path}:{number}: {e}; {hint}") from e
            start += len(line)


def counts(before: Run | None) -> bool:
    """Return whether a record stands for its run, given what stood before: nothing, or no whole run."""
    return before is None or before.ending in UNFINISHED | FAILED


def read_runs(folder: Path) -> Iterator[Run]:
    """Read the runs of a results folder, each identity once: a retried run by its last record.

    Raises:
        ResultsError: A line is no record.
    """
    found: dict[str, Run] = {}
    for entry in entries(folder):
        if counts(found.get(entry.run.identity)):
            found[entry.run.identity] = entry.run
    yield from found.values()


def _same(old: Any, new: Any, path: Path) -> None:
    if old["digest"] == new["digest"] and old["package"] == new["package"]:
        return
    if old["package"] != new["package"]:
        differs = [f"package {old['package']} → {new['package']}"]
    elif old["study"].get("name") != new["study"]["name"]:
        differs = [f"the study → {new['study']['name']!r}"]
    else:
        differs = [
            line
            for key, value in new["study"].items()
            if key not in {"runs", "subjects"}
            for line in _differs(key, old["study"].get(key), value)
        ]
        differs = _first(differs)
    raise ResultsError(
        f"{path.parent}: these are results of another design of {old['study'].get('name')!r}; "
        f"changed: {'; '.join(differs)}; results are never mixed: name another folder with --log-dir"
    )


def _same_scenarios(
    old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]], folder: Path
) -> str:
    """Check that what was measured is what will be; scenarios without a whole run may still change."""
    other = {name for name in new if old.get(name) != new[name]}
    made = (
        {e.run.scenario for e in entries(folder, Shared()) if e.run.ending not in UNFINISHED}
        if other
        else set()
    )
    told = [
        f"the scenario {name}: {_listed(changed(old[name], new[name]))}"
        for name in sorted(other & made & old.keys())
    ]
    if told:
        raise StudyError(
            f"these results were made with other files of {'; of '.join(told)}",
            where=str(folder),
            hint="results are never mixed: name another folder with --log-dir, or put the files back",
        )
    unknown = ", ".join(sorted((other & made) - old.keys()))
    note = "their earlier runs cannot be compared with the scenario's files of today"
    return f"{folder}: it was not noted what {unknown} was made of; {note}" if unknown else ""


def _listed(files: Sequence[str]) -> str:
    return ", ".join(_first(files))


def _first(several: Sequence[str]) -> list[str]:
    more = len(several) - MOST
    return [*several[:MOST], *([f"{more} more"] if more > 0 else [])]


def _differs(place: str, old: Any, new: Any) -> Iterator[str]:
    """Name each value that differs by its place, as in ``arms.standard.levels.stakes: none → note``."""
    if old == new:
        return
    if isinstance(old, list) and isinstance(new, list):
        old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differs(f"{place}.{key}", old.get(key), new.get(key))
    else:
        yield f"{place}: {_short(old)} → {_short(new)}"


def _by_name(several: Sequence[Any]) -> dict[str, Any]:
    """Return a list by the names of its parts, or by their numbers where they have none."""
    named = all(isinstance(one, dict) and "name" in one for one in several)
    return {str(one["name"] if named else n): one for n, one in enumerate(several, start=1)}


def _short(value: Any) -> str:
    text = "not there" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def add_line(path: Path, line: bytes, what: str) -> None:
    """Append a line to a journal of ``what``; half a line, where the disk takes no more, is cut off again.

    Raises:
        ResultsError: The disk refuses; everything written before stays.
    """
    whole: int | None = None
    try:
        with path.open("ab") as file:
            whole = file.tell()
            file.write(line + b"\n")
    except OSError as e:
        if whole is not None:
            with suppress(OSError):
                os.truncate(path, whole)
        raise ResultsError(
            f"{path}: cannot write ({e.strerror}); the {what} before this one are kept; make room and "
            "give the same command again"
        ) from e


def mend(path: Path) -> None:
    """Cut a last line that a crash left without its end."""
    if not path.exists():
        return
    whole = 0
    with path.open("rb+") as file:
        for line in file:
            whole += len(line) if line.endswith(b"\n") else 0
        file.truncate(whole)
