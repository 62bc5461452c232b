"""The page of the published matrix: journal → results → page, at growing numbers of runs; then its first paint.

Each size runs in its own process, so that the peak of memory is its own. Usage: page.py [RUNS_PER_CELL ...]
"""

from __future__ import annotations

import importlib
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from peerpact.design.cells import Cell, cells
from peerpact.design.contrasts import pairs
from peerpact.design.study import load_study
from peerpact.report.extras import PageExtras
from peerpact.report.page import write_page
from peerpact.report.reading import JournalReader
from peerpact.report.results import results

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
SIZES = (10, 33, 100)
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]


def write_journal(folder: Path, each: int) -> int:
    """Write a journal of the published matrix; a tenth of the runs have no score."""
    made, study, written = importlib.import_module("samples"), load_study("paper"), 0
    every = cells(study)
    wanted = [
        (rank, entry.name, cell)
        for rank, entry in enumerate(study.subjects)
        for cell in every
        if cell.arm in study.arms_for(entry.name)
    ]
    with (folder / "runs.jsonl").open("wb") as file:
        for rank, subject, cell in wanted:
            for i, line in enumerate(lines(made, cell, subject, rank, each), start=written):
                file.write(orjson.dumps({**line, "identity": f"{i:016x}"}) + b"\n")
            written += each
    return written


def lines(made: Any, cell: Cell, subject: str, rank: int, each: int) -> Iterator[dict[str, Any]]:
    """Yield the records of one place: the higher the subject's rank, the more runs show the violation."""
    runs = (made.run(cell, subject, 1, violating=True), made.run(cell, subject, 1))
    kinds = [
        orjson.loads(run.to_json()) for run in (*runs, made.lost(cell, subject, 1, "turn_cap"))
    ]
    for i in range(each):
        kind = kinds[2 if i % 10 == 9 else int(i % 10 >= rank)]
        yield {**kind, "replicate": i + 1, "sample": f"{cell.id}/{i + 1}"}


def measure(folder: Path, each: int) -> None:
    study, began = load_study("paper"), time.perf_counter()
    found = cells(study)
    reader = JournalReader(folder)
    runs = reader.runs()
    read = time.perf_counter()
    estimated = results(study, found, pairs(study, found), runs)
    counted = time.perf_counter()
    path = folder / f"page-{each}.html"
    write_page(path, estimated, extras=PageExtras(transcripts=reader.whole))
    done = time.perf_counter()
    bare = folder / f"bare-{each}.html"
    write_page(bare, estimated, extras=PageExtras(transcripts=reader.whole, evidence_bytes=0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(runs):>8,} runs: read {read - began:5.1f} s, estimate {counted - read:5.1f} s, "
        f"page {done - counted:5.1f} s, peak {peak:5.0f} MB; "
        f"{path.stat().st_size / 1e6:.1f} MB, without transcripts {bare.stat().st_size / 1e6:.2f} MB",
        flush=True,
    )


def paint(path: Path) -> None:
    """Print when the browser first paints, and when the tables are there."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("first paint: not measured, Playwright is missing")
        return
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("first paint: not measured, no Chromium on this machine")
        return
    with sync_playwright() as p:
        running = p.chromium.launch(executable_path=browser, args=CHROMIUM)
        tab = running.new_page()
        tab.goto(path.as_uri())
        tab.wait_for_selector("#rates-table table")
        first = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        print(
            f"{path.name}: first paint {first:.0f} ms, tables {tab.evaluate('performance.now()'):.0f} ms"
        )
        running.close()


def main() -> None:
    sizes = tuple(int(n) for n in sys.argv[1:]) or SIZES
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for each in sizes:
            began = time.perf_counter()
            n = write_journal(folder, each)
            size = (folder / "runs.jsonl").stat().st_size / 1e6
            print(
                f"journal of {n:,} runs, {size:.0f} MB, in {time.perf_counter() - began:.1f} s",
                flush=True,
            )
            child = multiprocessing.get_context("spawn").Process(
                target=measure, args=(folder, each)
            )
            child.start()
            child.join()
            paint(folder / f"page-{each}.html")


if __name__ == "__main__":
    main()
