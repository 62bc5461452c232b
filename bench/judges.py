"""The judge audit against Polars reading the same file and grouping it, side by side, as tables grow.

Run with ``python bench/judges.py [ROWS …]``; by default 10 thousand to a million rows. Each size is
measured in a fresh process, five times in turn (Polars, audit, Polars, audit, …); the medians are shown.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import orjson
import polars as pl

from peerpact.audit.judges import audit, read_scores
from peerpact.audit.judges.simulated import Grading, Planted, Work, simulated_columns

SIZES = (10_000, 100_000, 1_000_000)
MOST_RATIO = 5.0
MOST_BYTES = 2_000_000_000
ROUNDS = 5
JUDGES = 20
CELLS = 6  # two stakes by three bars
WORDS = ("claude", "gemini", "gpt", "grok", "llama")


def write_table(path: Path, rows: int) -> None:
    """Write about so many scores by twenty judges, of eight models, in six arms."""
    judges = [Planted(f"{WORDS[i % len(WORDS)]}-judge-{i}", stakes=i % 3) for i in range(JUDGES)]
    items = max(2, rows // (JUDGES * 8 * CELLS))
    found = simulated_columns(judges, np.random.default_rng(1), Work(items=items), Grading("half"))
    frame = pl.DataFrame(dict(found)).with_columns(
        pl.col("bar").fill_nan(None), time=pl.int_range(pl.len())
    )
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)


def with_polars(path: Path) -> None:
    """Read the table and group it by judge and response."""
    frame = pl.read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path)
    groups = frame.group_by("judge", "judged", "item")
    groups.agg(n=pl.len(), mean=pl.col("score").mean(), deviation=pl.col("score").std())


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def measure(path: Path) -> dict[str, float]:
    """Return median seconds of both, and the largest memory of this process."""
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        times.append(
            (seconds(lambda: with_polars(path)), seconds(lambda: audit(read_scores(path))))
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    polars, audited = (median(column) for column in zip(*times, strict=True))
    ratio = median(mine / theirs for theirs, mine in times)
    return {"polars": polars, "audit": audited, "ratio": ratio, "bytes": float(memory)}


def row(path: Path, rows: int) -> bool:
    """Measure one table in a process of its own and print it; say whether it keeps to the limits."""
    write_table(path, rows)
    command = [sys.executable, __file__, "--measure", str(path)]
    found = orjson.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print(
        f"{rows:>9} {path.suffix:>8} {found['polars']:>9.3f} {found['audit']:>9.3f}"
        f" {found['ratio']:>6.2f} {found['bytes'] / 1e6:>6.0f}",
        flush=True,
    )
    small = found["ratio"] <= MOST_RATIO and found["bytes"] <= MOST_BYTES
    return bool(small) or rows < 1_000_000


def main(sizes: list[int]) -> int:
    print(f"{'rows':>9} {'file':>8} {'polars s':>9} {'audit s':>9} {'ratio':>6} {'MB':>6}")
    with tempfile.TemporaryDirectory() as folder:
        kept = [
            row(Path(folder) / f"scores-{rows}{suffix}", rows)
            for rows in sizes
            for suffix in (".csv", ".parquet")
        ]
    limits = f"{MOST_RATIO:g} times Polars and {MOST_BYTES / 1e9:g} GB"
    print(f"a million rows within {limits}: {'yes' if all(kept) else 'no'}")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.stdout.buffer.write(orjson.dumps(measure(Path(sys.argv[2]))))
    else:
        sys.exit(main([int(size) for size in sys.argv[1:]] or list(SIZES)))
