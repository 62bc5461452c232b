"""A table of scores with its texts → the items that can be judged again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from peerpact.audit.judges.columns import Vocabulary, resolve, vocabulary
from peerpact.audit.judges.every_eval_ever import (
    check_place,
    eval_ever_rows,
    written_by_eval_ever,
)
from peerpact.audit.judges.sources import load
from peerpact.audit.judges.table import Scale
from peerpact.canonical import digest
from peerpact.errors import ImportFailure, StudyError
from peerpact.text import read_yaml

__all__ = ["Item", "Items", "check_scale", "read_items"]

SHOWN = 200
"""Characters of a name that are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One past piece of work."""

    key: str
    """Hash of the work, its maker and its instructions."""
    name: str
    judged: str
    group: str
    content: str
    instructions: str
    bar: float | None
    past: Mapping[str, float]
    """Mean past score by judge."""


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a table, and what of it could not be used."""

    found: tuple[Item, ...]
    rows: int
    left_out: Mapping[str, int]
    """Rows by reason."""
    scale: Scale | None
    columns: Mapping[str, str]


@dataclass(slots=True)
class _Rows:
    """Rows of one item."""

    first: Mapping[str, str]
    scores: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    bars: set[float] = field(default_factory=set)


@lru_cache(maxsize=1)
def _words() -> tuple[Vocabulary, int]:
    own = read_yaml(files(__package__) / "columns.yaml")
    roles = {**{k: tuple(v) for k, v in own["roles"].items()}, **vocabulary().roles}
    words = vocabulary().model_copy(update={"roles": roles, "required": ("content",)})
    return words, int(own["longest"])


def read_items(
    path: Path,
    columns: Mapping[str, str] | None = None,
    *,
    instructions: str = "",
    bar: float | None = None,
    scale: tuple[float, float] | None = None,
) -> Items:
    """Read the items of a table; rows of the same work are one item, however often it was judged.

    Args:
        path: The table, in any form that an audit of judges reads.
        columns: Column names by role; beside the roles of that audit, ``content`` and ``instructions``.
        instructions: What the judge is told to grade by, where a row does not say.
        bar: The bar of all items, instead of the table's.
        scale: Lowest and highest score; guessed from past scores where it is None.

    Raises:
        ImportFailure: The file cannot be read as a table, or has no item.
        StudyError: A needed column is missing or a named one does not exist.
    """
    rows, roles, left_out = _read(path, columns)
    groups: dict[str, _Rows] = {}
    for row in rows:
        content = row.get("content", "")
        reason = "no_content" if not content.strip() else ""
        reason = reason or ("content_too_long" if len(content) > _words()[1] else "")
        if reason:
            left_out[reason] += 1
            continue
        told = row.get("instructions") or instructions
        key = digest([content, row.get("judged", ""), told])
        group = groups.setdefault(key, _Rows({**row, "instructions": told}))
        _add(group, row)
    if not groups:
        told = "; ".join(f"{n} × {reason.replace('_', ' ')}" for reason, n in left_out.items())
        raise ImportFailure(
            f"{path}: no row has work that could be judged again ({told or 'no rows'})"
        )
    found = tuple(_named(groups, bar))
    chosen = Scale.stated(*scale) if scale else _scale([s for i in found for s in i.past.values()])
    return Items(found, len(rows) + _unread(left_out), dict(left_out), chosen, roles)


def _unread(left_out: Mapping[str, int]) -> int:
    return sum(left_out.get(reason, 0) for reason in ("unreadable_line", "line_too_long"))


def _read(
    path: Path, columns: Mapping[str, str] | None
) -> tuple[list[dict[str, str]], Mapping[str, str], Counter[str]]:
    check_place(path)
    words = _words()[0]
    if written_by_eval_ever(path):
        loaded = eval_ever_rows(path, texts=True)
        roles = resolve(loaded.frame.columns, columns, str(path), words)
    else:
        loaded, roles = load(path, columns, words)
    rows = [
        {role: _text(row[name]) for role, name in roles.items()}
        for row in loaded.frame.iter_rows(named=True)
    ]
    return rows, roles, Counter(loaded.skipped)


def _text(value: Any) -> str:
    if value is None or isinstance(value, bytes | list | dict):
        return ""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.encode("utf-8", "replace").decode()


def _add(group: _Rows, row: Mapping[str, str]) -> None:
    score, bar = _number(row.get("score", "")), _number(row.get("bar", ""))
    if score is not None:
        group.scores[row.get("judge", "")].append(score)
    if bar is not None:
        group.bars.add(bar)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _named(groups: Mapping[str, _Rows], bar: float | None) -> Iterable[Item]:
    taken: Counter[tuple[str, str, str]] = Counter()
    for number, (key, group) in enumerate(groups.items(), start=1):
        row = group.first
        judged, part = row.get("judged", "")[:SHOWN], row.get("group", "")[:SHOWN]
        name = row.get("item", "")[:SHOWN] or f"item {number}"
        taken[judged, part, name] += 1
        again = taken[judged, part, name]
        own = next(iter(group.bars)) if len(group.bars) == 1 else None
        yield Item(
            key,
            f"{name} #{again}" if again > 1 else name,
            judged,
            part,
            row["content"],
            row["instructions"],
            own if bar is None else bar,
            {judge: sum(s) / len(s) for judge, s in group.scores.items()},
        )


def _scale(scores: Sequence[float]) -> Scale | None:
    for lowest, highest in vocabulary().scales if scores else ():
        inside = sum(lowest <= score <= highest for score in scores) / len(scores)
        if inside >= vocabulary().scale_share:
            return Scale(lowest, highest)
    return None


def check_scale(items: Items, path: Path) -> Scale:
    """Return the scale of the scores.

    Raises:
        StudyError: It was not given and cannot be guessed.
    """
    if items.scale is None:
        raise StudyError(
            "the scale of the scores cannot be told from the table",
            where=str(path),
            hint="give --scale LOWEST HIGHEST",
        )
    return items.scale
