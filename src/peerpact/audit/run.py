"""Files → importers → detectors → findings, with everything that could not be read counted.

Memory is flat: a transcript is dropped as soon as it is examined, comparisons between runs keep counts, and
findings past a limit are counted but not kept.
"""

from __future__ import annotations

import gc
import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from threading import current_thread, main_thread
from types import FrameType
from typing import BinaryIO, TypeAlias

from peerpact.audit.acts import acts
from peerpact.audit.detectors import detectors
from peerpact.audit.findings import Finding, plain
from peerpact.audit.gauge import Gauge, Told, size_of
from peerpact.audit.importer import MALFORMED, Item
from peerpact.audit.importers import importer, read_source, recognise
from peerpact.audit.reading import LIMITS, Limits, Source, open_source
from peerpact.audit.sources import SPAN, File, find, spans, spooled, unpacked
from peerpact.audit.tally import Audit
from peerpact.audit.transcript import Transcript, Unread
from peerpact.audit.untested import Met, met, spelled
from peerpact.audit.workers import workers
from peerpact.errors import ResultsError
from peerpact.text import counted

__all__ = [
    "FAILED",
    "Store",
    "audit",
    "check_spoken",
    "detect",
    "examine",
    "helpful",
    "items",
    "items_of",
    "store",
]

BATCH = 64
"""Files that one worker takes at a time, if they are short."""
FAILED = "detection failed"
"""Why a transcript on which a detector chokes counts as unread."""
AHEAD = 2
"""Batches that each further process has or awaits."""
MOST = 16
"""Batches done out of turn that are kept until one before them is done."""
MUCH = 50_000_000
"""Bytes of JSON that a further process must have to read to save more time than it takes to start."""
PACKED = 40
"""How many bytes of JSON are read while Inspect reads one of its packed logs."""


class Store:
    """What detectors that compare runs remember."""

    def __init__(self) -> None:
        self._held = {d.name: d.gather() for d in detectors() if d.gather is not None}

    def observe(self, transcript: Transcript, findings: Sequence[Finding]) -> None:
        """Add one run."""
        for one in detectors():
            if one.observe is not None:
                seen = one.observe(transcript, findings)
                if seen is not None:
                    self._held[one.name].add(seen)

    def merge(self, other: Store) -> None:
        """Add another worker's runs."""
        for name, held in other._held.items():
            self._held[name].merge(held)

    def met(self) -> Iterator[str]:
        """Give what the comparisons have of the things that they need."""
        for one in detectors():
            if one.met is not None:
                yield from (f"{one.name}/{need}" for need in one.met(self._held[one.name]))

    def conclude(self) -> list[Finding]:
        """Return the findings of the comparisons."""
        return [
            found
            for one in detectors()
            if one.conclude is not None
            for found in one.conclude(self._held[one.name])
        ]


Part: TypeAlias = tuple[Audit, Store]
"""What one batch of files comes to."""


def store() -> Store:
    """Return an empty store."""
    return Store()


def detect(transcript: Transcript, runs: Store | None = None) -> list[Finding]:
    """Return what every detector finds in one transcript, and remember it for comparisons."""
    done = {act.verb for act in acts(transcript)}
    found: list[Finding] = []
    for one in detectors():
        if one.detect is not None and not (one.verbs and one.verbs.isdisjoint(done)):
            found.extend(one.detect(transcript))
    if runs is not None:
        runs.observe(transcript, found)
    return found


def examine(items: Iterable[Item], part: Audit, runs: Store) -> None:
    """Detect in every transcript; one that a detector chokes on is counted as unread."""
    alike: Counter[Met] = Counter()
    for item in items:
        if isinstance(item, Unread):
            part.refuse(item)
            continue
        try:
            found = detect(item, runs)
        except MALFORMED as e:
            part.refuse(Unread(item.source, FAILED, f"{type(e).__name__}: {e}"[:200]))
            continue
        part.count(item)
        alike[met(item)] += 1
        if found:
            part.keep(found)
    for needs, runs_alike in alike.items():
        part.grounds.update(dict.fromkeys(spelled(needs), runs_alike))


def audit(
    paths: Iterable[str],
    *,
    format: str = "",
    processes: int = 1,
    limits: Limits = LIMITS,
    stdin: BinaryIO | None = None,
    told: Told | None = None,
) -> Audit:
    """Read every transcript that the paths name and detect in it.

    Args:
        paths: Files, folders, globs; ``-`` is standard input.
        format: The importer to use; empty to recognise each file.
        processes: How many processes share the work.
        limits: How far the reader follows a file.
        stdin: What ``-`` reads.
        told: Takes how many bytes of the files are done, and how many there are.

    Raises:
        StudyError: A path names nothing, or the format is unknown.
        ResultsError: Nothing at all could be read, or no agent said or did anything in it.
    """
    if format:
        importer(format)
    names = list(paths)
    total, runs = Audit(), store()
    if "-" in names and stdin is not None:
        with spooled(stdin) as file:
            _serial([file], format, limits, total, runs, Gauge(None))
    named = [name for name in names if name != "-"]
    gauge = Gauge(told, named)
    if processes > 1:
        _parallel(find(named), format, limits, processes, total, runs, gauge)
    else:
        _serial(find(named), format, limits, total, runs, gauge)
    total.keep(runs.conclude())
    total.grounds.update(runs.met())
    total.trim()
    check_spoken(total)
    return total


def check_spoken(total: Audit) -> None:
    """Fail where an audit read nothing.

    Raises:
        ResultsError: Nothing at all could be read, or no agent said or did anything in it.
    """
    if total.read == total.silent:
        raise ResultsError(_nothing(total))


def helpful(paths: Iterable[str]) -> int:
    """Return how many processes are worth starting: one for each core where there is much to read.

    Raises:
        StudyError: A path names nothing.
    """
    work = sum(map(_work_of, find(path for path in paths if path != "-")))
    return max(1, min(work // MUCH, os.cpu_count() or 1))


def _work_of(file: File | Unread) -> int:
    """Return the bytes of JSON that take as long as this file."""
    packed = isinstance(file, File) and file.path.suffix == ".eval"
    return size_of(file) * (PACKED if packed else 1)


def items(paths: Iterable[str], format: str = "", limits: Limits = LIMITS) -> Iterator[Item]:
    """Give every transcript that the paths name, and an ``Unread`` for what cannot be read.

    Raises:
        StudyError: A path names nothing, or the format is unknown.
    """
    for file in find(paths):
        if isinstance(file, Unread):
            yield file
        else:
            yield from items_of(file, format, limits)


def _such_as(total: Audit, reason: str) -> str:
    places = total.examples.get(reason, [])
    return f": {plain(places[0], 200)}" if places else ""


def _nothing(total: Audit) -> str:
    silent = Counter({"no agent says or does anything": total.silent})
    told = silent + total.unread + total.passed_over
    reasons = "; ".join(
        f"{n} × {reason}{_such_as(total, reason)}" for reason, n in told.most_common()
    )
    found = ""
    if total.files:
        found = f" {counted(total.files, 'file was', 'files were')} opened"
    elif not reasons:
        found = " no file of a known kind was found"
    return f"no transcript could be read:{found}" + (f" ({reasons})" if reasons else "")


def _serial(
    files: Iterable[File | Unread],
    format: str,
    limits: Limits,
    part: Audit,
    runs: Store,
    gauge: Gauge,
) -> None:
    with _steady():
        for file in files:
            if isinstance(file, Unread):
                part.files += 1
                part.refuse(file)
            else:
                part.files += file.span is None or file.span.start == 0
                examine(items_of(file, format, limits, gauge.within()), part, runs)
                gauge.past(size_of(file))


@contextmanager
def _steady() -> Iterator[None]:
    """Spare two costs that grow with what is read.

    The collector of cycles would walk over every transcript; values from JSON have none. And asyncio, under which
    Inspect reads each sample, writes the whole of it out where Ctrl-C has the handler that Python begins with.
    """
    was = gc.isenabled()
    main = current_thread() is main_thread()
    handler = signal.signal(signal.SIGINT, _interrupted) if main else None
    gc.disable()
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGINT, handler)
        if was:
            gc.enable()


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def items_of(
    file: File,
    format: str = "",
    limits: Limits = LIMITS,
    reached: Callable[[int], None] | None = None,
) -> Iterator[Item]:
    """Give what one file holds, archives unpacked; ``reached`` takes the position in a file of lines.

    A file that holds nothing is one that could not be read.
    """
    empty = True
    for item in _held(file, format, limits, reached):
        empty = False
        yield item
    if empty and file.span is None:
        yield Unread(file.label, "no transcript in it")


def _held(
    file: File, format: str, limits: Limits, reached: Callable[[int], None] | None
) -> Iterator[Item]:
    for inner in unpacked(file, limits):
        if isinstance(inner, Unread):
            yield inner
            continue
        source = open_source(inner.path, inner.label, limits)
        if isinstance(source, Unread):
            yield source
        else:
            source.span = inner.span
            source.reached = reached if inner is file else None
            yield from read_source(source, format)
        gc.collect(0)


def _parallel(
    files: Iterable[File | Unread],
    format: str,
    limits: Limits,
    processes: int,
    total: Audit,
    runs: Store,
    gauge: Gauge,
) -> None:
    """Share the batches: this process takes one whenever the others have enough; all are added up in order."""
    done: deque[tuple[int, Future[Part]]] = deque()
    others = processes - 1

    def collect() -> None:
        size, one = done.popleft()
        part, more = one.result()
        total.merge(part)
        runs.merge(more)
        gauge.past(size)

    def here(work: Callable[[], Part]) -> Future[Part]:
        one: Future[Part] = Future()
        one.set_result(work())
        return one

    with workers(others) as pool:
        for batch in _batches(files, format, limits):
            busy = sum(not one.done() for _, one in done)
            work = partial(_work, batch, format, limits, total.floor)
            one = pool.submit(work) if busy < others * AHEAD else here(work)
            done.append((sum(map(size_of, batch)), one))
            while done and (done[0][1].done() or len(done) > MOST):
                collect()
        while done:
            collect()


def _work(batch: list[File | Unread], format: str, limits: Limits, floor: tuple[int, int]) -> Part:
    part, runs = Audit(floor=floor), store()
    _serial(batch, format, limits, part, runs, Gauge(None))
    return part, runs


def _batches(
    files: Iterable[File | Unread], format: str, limits: Limits
) -> Iterator[list[File | Unread]]:
    batch: list[File | Unread] = []
    work = 0
    for file in files:
        if isinstance(file, File) and _divisible(file, format, limits):
            for part in spans(file):
                yield [part]
            continue
        batch.append(file)
        work += _work_of(file)
        if len(batch) >= BATCH or work >= SPAN:
            yield batch
            batch, work = [], 0
    if batch:
        yield batch


def _divisible(file: File, format: str, limits: Limits) -> bool:
    """Whether a file is long and its lines each stand alone."""
    if file.path.stat().st_size < 2 * SPAN or file.path.suffix.lower() not in {
        ".jsonl",
        ".ndjson",
    }:
        return False
    source = open_source(file.path, file.label, limits)
    if not isinstance(source, Source) or source.shape != "lines" or source.data is not None:
        return False
    found = importer(format) if format else recognise(source)
    return found is not None and found.transcripts is not None
