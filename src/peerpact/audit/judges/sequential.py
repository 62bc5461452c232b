"""Audits that are repeated as rows are appended: evidence that may be looked at after every row.

Rows of a comparison's arms are paired in the order in which they stand in the table. A pair's
difference is a bet on its sign, and its size is chosen from earlier pairs alone. Under no effect
the capital is a martingale, so it exceeds 1 / alpha with probability at most alpha, whenever and
however often one looks (Ville; Waudby-Smith & Ramdas 2024). It is computed anew from all rows each
time; the state keeps what may not change between audits: the rows seen, the scale, alpha.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson

from peerpact.audit.judges.comparison import Comparison
from peerpact.audit.judges.table import Floats, ScoreTable, joint
from peerpact.errors import ResultsError, StudyError
from peerpact.text import counted

__all__ = [
    "Evidence",
    "SequentialState",
    "digest_rows",
    "evidence",
    "read_state",
    "resumed",
    "sequential_differences",
    "write_state",
]

_VERSION = 1
_TRUNCATION = 0.5
_MOST = 700.0
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Capital of the bets against no effect: now, and at its highest so far."""

    now: float
    highest: float
    pairs: int
    mean: float

    @property
    def p(self) -> float:
        """The p-value that holds at every look."""
        return min(1.0, 1 / max(self.highest, 1e-300))


@dataclass(frozen=True, slots=True)
class SequentialState:
    """What one audit leaves to the next of the same, longer table."""

    alpha: float
    multiplicity: str
    rows: int = 0
    digest: str = ""
    scale: tuple[float, float] | None = None
    looks: int = 0
    evidence: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: _NONE)
    """By judge, question, quantity and scope: the highest e-value, and the rows when it was flagged."""


def read_state(path: Path, *, alpha: float, multiplicity: str) -> SequentialState:
    """Return the state in a file, or a new one if there is none.

    Raises:
        ResultsError: The file holds no state of this version.
        StudyError: The audit was begun with another alpha or another correction.
    """
    if not path.exists():
        return SequentialState(alpha, multiplicity)
    try:
        raw = orjson.loads(path.read_bytes())
        if raw.pop("version") != _VERSION:
            raise ResultsError(f"{path}: this state was written by another version of peerpact")
        scale = raw.pop("scale")
        state = SequentialState(**raw, scale=tuple(scale) if scale else None)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as e:
        raise ResultsError(f"{path}: this is no state of a repeated audit ({e})") from e
    begun = (state.alpha, state.multiplicity)
    if begun != (alpha, multiplicity):
        raise StudyError(
            "a repeated audit keeps its alpha and correction from look to look",
            where=str(path),
            found=(alpha, multiplicity),
            hint=f"it was begun with alpha {begun[0]} and {begun[1]}; begin another state file",
        )
    return state


def write_state(path: Path, state: SequentialState) -> None:
    """Write a state, replacing the file at once."""
    raw = {
        "version": _VERSION,
        "alpha": state.alpha,
        "multiplicity": state.multiplicity,
        "rows": state.rows,
        "digest": state.digest,
        "scale": state.scale,
        "looks": state.looks,
        "evidence": {key: dict(value) for key, value in state.evidence.items()},
    }
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(orjson.dumps(raw, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    beside.replace(path)


def digest_rows(table: ScoreTable, rows: int) -> str:
    """Return the hash of the first rows of a table: every label, number and score in them."""
    found = hashlib.sha256()
    found.update(np.ascontiguousarray(table.score[:rows]).tobytes())
    for role in sorted(table.numbers):
        found.update(role.encode() + np.ascontiguousarray(table.numbers[role][:rows]).tobytes())
    for role in sorted(table.labels):
        labels = table.labels[role]
        marks = [hashlib.blake2b(n.encode(), digest_size=8).digest() for n in labels.names]
        hashes = np.frombuffer(b"".join([*marks, bytes(8)]), dtype=np.uint64)
        found.update(role.encode() + hashes[labels.codes[:rows]].tobytes())
    return found.hexdigest()[:32]


def resumed(state: SequentialState, table: ScoreTable) -> SequentialState:
    """Check that a table continues the one that was audited before; return the state to fill in.

    Raises:
        StudyError: Rows that were audited before have changed or are gone.
    """
    if state.rows and (table.rows < state.rows or digest_rows(table, state.rows) != state.digest):
        raise StudyError(
            "rows that were audited before have changed or are gone, so the evidence cannot go on",
            found=f"{counted(table.rows, 'row')}, of which {state.rows} should be as they were",
            hint="append new rows below the old ones, or begin another state file",
        )
    own = (table.scale.lowest, table.scale.highest) if table.scale else None
    return replace(
        state,
        rows=table.rows,
        digest=digest_rows(table, table.rows),
        scale=state.scale or own,
        looks=state.looks + 1,
    )


def sequential_differences(comparison: Comparison) -> Floats:
    """Pair rows of all arms within strata and items in their order; return differences in [-1, 1]."""
    if comparison.reach is None or len(comparison.values) == 0:
        return np.zeros(0)
    arms = len(comparison.weights)
    held = comparison.strata
    if comparison.items is not None:
        held = joint(held, comparison.items)
    order = np.lexsort((comparison.rows, comparison.arm, held))
    group = joint(held, comparison.arm)[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    rank = np.arange(len(group)) - np.repeat(starts, np.diff([*starts, len(group)]))
    pair = joint(held[order], rank.astype(np.int64))
    size = int(pair.max()) + 1
    sums = np.zeros(size)
    weights = np.array(comparison.weights)[comparison.arm[order]]
    np.add.at(sums, pair, weights * comparison.values[order])
    full = np.bincount(pair, minlength=size) == arms
    complete = np.zeros(size, dtype=np.int64)
    np.maximum.at(complete, pair, comparison.rows[order])
    ordered = np.flatnonzero(full)[np.argsort(complete[full], kind="stable")]
    return np.clip(sums[ordered] / comparison.reach, -1.0, 1.0)


def evidence(differences: Floats, alpha: float) -> Evidence:
    """Bet on and against each difference in turn, half of the capital on either side."""
    n = len(differences)
    if n == 0:
        return Evidence(1.0, 1.0, 0, 0.0)
    t = np.arange(1, n + 1)
    variance = (0.25 + np.cumsum(differences**2)) / (t + 1)
    before = np.concatenate([[0.25], variance[:-1]])
    bets = np.minimum(np.sqrt(2 * log(2 / alpha) / (before * t * np.log1p(t))), _TRUNCATION)
    up = np.cumsum(np.log1p(bets * differences))
    down = np.cumsum(np.log1p(-bets * differences))
    capital = np.exp(np.minimum(np.logaddexp(up, down) - log(2), _MOST))
    highest = max(1.0, float(capital.max()))
    return Evidence(float(capital[-1]), highest, n, float(differences.mean()))
