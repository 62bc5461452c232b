"""Which arms of a study can be compared, and what differs between them beside what should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

__all__ = ["Arm", "Confound", "Tied", "arm_name", "confounds", "differing", "neighbours"]

Arm = tuple[tuple[str, str], ...]
"""The levels of one arm, in the order of its columns."""


class Tied(NamedTuple):
    """Two arms as alike as the study has them, with the columns in which they differ."""

    one: Arm
    other: Arm
    columns: tuple[str, ...]


class Confound(NamedTuple):
    """Two values of a column that no two arms compare with everything else equal."""

    column: str
    one: str
    other: str
    nearest: Tied


def differing(one: Arm, other: Arm) -> tuple[str, ...]:
    """Return the columns in which two arms differ; a column that one of them lacks counts."""
    left, right = dict(one), dict(other)
    names = {**left, **right}
    return tuple(n for n in names if left.get(n, "none") != right.get(n, "none"))


def confounds(arms: Sequence[Arm]) -> Iterator[Confound]:
    """Give every pair of values that differs in more than one column wherever it occurs."""
    nearest: dict[tuple[str, str, str], Tied] = {}
    for one, other in combinations(arms, 2):
        columns = differing(one, other)
        left, right = dict(one), dict(other)
        for column in columns:
            values = sorted([(left.get(column, "none"), one), (right.get(column, "none"), other)])
            key = (column, values[0][0], values[1][0])
            tied = Tied(values[0][1], values[1][1], columns)
            if key not in nearest or len(columns) < len(nearest[key].columns):
                nearest[key] = tied
    for (column, low, high), tied in nearest.items():
        if len(tied.columns) > 1:
            yield Confound(column, low, high, tied)


def neighbours(arms: Sequence[Arm]) -> list[Tied]:
    """Return the pairs of arms that differ in one column; every pair where there are none."""
    tied = [Tied(one, other, differing(one, other)) for one, other in combinations(arms, 2)]
    return [pair for pair in tied if len(pair.columns) == 1] or tied


def arm_name(arm: Arm, every: Sequence[Arm]) -> str:
    """Name an arm by the columns in which the arms of its setting differ."""
    values: Mapping[str, set[str]] = {name: set() for name, _ in arm}
    for one in every:
        for name, value in one:
            values.setdefault(name, set()).add(value)  # type: ignore[attr-defined]
    shown = [f"{name} {value}" for name, value in arm if len(values[name]) > 1]
    return ", ".join(shown) or "all runs"
