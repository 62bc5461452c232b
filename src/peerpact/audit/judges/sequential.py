"""Audits that are repeated as rows are appended: evidence that may be looked at after every row.

Rows of a comparison's arms are paired in the order in which they stand in the table, and each pair's
difference is bet on (``bets.py``). The capital is computed anew from all rows each time; the state
keeps what may not change between audits: the rows seen, the scale, alpha.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson

from peerpact.audit.judges.bets import Evidence, evidence, on_the_mean, on_the_sign
from peerpact.audit.judges.comparison import Comparison
from peerpact.audit.judges.table import Codes, Floats, ScoreTable, joint
from peerpact.errors import ResultsError, StudyError
from peerpact.text import counted

__all__ = [
    "SequentialState",
    "digest_rows",
    "evidence_of",
    "read_state",
    "resumed",
    "sequential_differences",
    "write_state",
]

_VERSION = 2
_ENOUGH = 50
"""Rows of each arm after which it is decided how rows are paired, if no item was seen in all arms before."""

_CROSSED = 0.25
"""Share of the items with several rows that are in several arms where arms were given to rows, not to items."""

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SequentialState:
    """What one audit leaves to the next of the same, longer table."""

    alpha: float
    multiplicity: str
    rows: int = 0
    digest: str = ""
    scale: tuple[float, float] | None = None
    """Of the scores: that of the first look, by which later rows are read."""
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
            raise ResultsError(
                f"{path}: this state was written by another version of peerpact; begin another state file"
            )
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


def evidence_of(comparison: Comparison, alpha: float) -> Evidence:
    """Return what the pairs of a comparison say, in the units of its values."""
    differences = sequential_differences(comparison)
    reach = comparison.reach
    if reach is None:
        return evidence(differences, alpha, on_the_sign, (-np.inf, np.inf))
    found = evidence(np.clip(differences / reach, -1.0, 1.0), alpha, on_the_mean, (-1.0, 1.0))
    scaled = {name: getattr(found, name) * reach for name in ("mean", "low", "high")}
    return replace(found, **scaled)


def sequential_differences(comparison: Comparison) -> Floats:
    """Pair rows of all arms within strata in their order: within items, or across where none recurs in a stratum.

    Where items keep to one arm, only the first row of each is paired; where scores come in runs, each run counts
    once. Which it is depends on the labels of the first rows alone, so it is the same at every look.
    """
    comparison = _each_run_once(comparison)
    if len(comparison.values) == 0:
        return np.zeros(0)
    every = np.arange(len(comparison.strata))
    items = comparison.items
    if items is None:
        return _paired(comparison, every, comparison.strata)[0]
    enough = _enough(comparison)
    differences, completed = _paired(comparison, every, joint(comparison.strata, items))
    if enough is None or (completed[:1] <= enough).any():
        return differences
    in_order = np.argsort(comparison.rows)
    if _keep_to_one_arm(comparison, items, enough):
        in_order = in_order[np.sort(np.unique(items[in_order], return_index=True)[1])]
    return _paired(comparison, in_order, comparison.strata)[0]


def _each_run_once(comparison: Comparison) -> Comparison:
    """Return the mean of each run in place of its scores, as far as they stand before the next run of its arm.

    The last run is not over, so it does not count yet. A run whose name comes up again after others only counts
    the judgments of some work, and is taken with the work.
    """
    c = comparison
    enough = _enough(c) if c.runs is not None and len(c.values) else None
    if c.runs is None or len(c.values) == 0:
        return c
    if enough is None:
        return _chosen(c, np.zeros(0, dtype=np.int64))
    order = np.lexsort((c.rows, c.arm))
    early = order[c.rows[order] <= enough]
    if _most(c.runs[early], c.arm[early]) == 1:
        return c
    of_work = joint(c.runs, c.strata)
    if _comes_again(c.runs[early], c.arm[early]) and _most(of_work[early], c.arm[early]) > 1:
        return _first_blocks(c, of_work, c.strata)
    return _first_blocks(c, c.runs, np.zeros_like(c.strata))


def _most(runs: Codes, arm: Codes) -> int:
    """Return the most scores of an arm that a run holds."""
    return int(np.bincount(joint(runs, arm)).max())


def _comes_again(runs: Codes, arm: Codes) -> bool:
    """Whether a run goes on after another one has begun, rows of each arm in their order."""
    run = joint(runs, arm)
    return int((np.diff(run, prepend=-1) != 0).sum()) > len(np.unique(run))


def _first_blocks(c: Comparison, runs: Codes, strata: Codes) -> Comparison:
    order = np.lexsort((c.rows, c.arm, strata))
    run, place = joint(runs, c.arm)[order], joint(strata, c.arm)[order]
    block = np.cumsum(np.diff(run, prepend=-1) != 0) - 1
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    means = np.bincount(block, weights=c.values[order]) / np.bincount(block)
    first = np.unique(run[starts], return_index=True)[1]
    over = first[first + 1 < len(starts)]
    over = np.sort(over[place[starts[over]] == place[starts[over + 1]]])
    at = order[starts[over]]
    found = _chosen(c, at)
    return replace(
        found, values=means[over], strata=strata[at], rows=c.rows[order[starts[over + 1]]]
    )


def _chosen(c: Comparison, at: Codes) -> Comparison:
    return replace(
        c,
        values=c.values[at],
        arm=c.arm[at],
        strata=c.strata[at],
        rows=c.rows[at],
        items=None,
        runs=None,
    )


def _enough(comparison: Comparison) -> float | None:
    """Return the row by which every arm has rows enough to tell whether items recur; None if there is none yet."""
    arms = [np.sort(comparison.rows[comparison.arm == a]) for a in range(len(comparison.weights))]
    if min(map(len, arms)) < _ENOUGH:
        return None
    return max(float(rows[_ENOUGH - 1]) for rows in arms)


def _keep_to_one_arm(comparison: Comparison, items: Codes, enough: float) -> bool:
    """Whether, among the first rows, nearly all items that occur several times are in one arm only."""
    early = comparison.rows <= enough
    item = joint(items[early])
    several = np.bincount(item) > 1
    arms = np.bincount(np.unique(np.stack([item, comparison.arm[early]]), axis=1)[0])
    return bool((arms > 1).sum() < _CROSSED * max(1, several.sum()))


def _paired(comparison: Comparison, chosen: Codes, held: Codes) -> tuple[Floats, Codes]:
    """Return the contrast of each pair, in the order of the rows that completed them, and these rows."""
    rows, arm, values = comparison.rows[chosen], comparison.arm[chosen], comparison.values[chosen]
    arms, held = len(comparison.weights), held[chosen]
    order = np.lexsort((rows, arm, held))
    group = joint(held, arm)[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    rank = np.arange(len(group)) - np.repeat(starts, np.diff([*starts, len(group)]))
    pair = joint(held[order], rank.astype(np.int64))
    size = int(pair.max()) + 1
    sums = np.zeros(size)
    np.add.at(sums, pair, np.array(comparison.weights)[arm[order]] * values[order])
    full = np.bincount(pair, minlength=size) == arms
    complete = np.zeros(size, dtype=np.int64)
    np.maximum.at(complete, pair, rows[order])
    ordered = np.flatnonzero(full)[np.argsort(complete[full], kind="stable")]
    return sums[ordered], complete[ordered]
