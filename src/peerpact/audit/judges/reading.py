"""Tables of scores from CSV, parquet, JSON lines and Every Eval Ever; nothing in a cell can stop the reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from peerpact.audit.judges.columns import named, resolve, vocabulary
from peerpact.audit.judges.cores import side_by_side
from peerpact.audit.judges.every_eval_ever import (
    check_place,
    eval_ever_rows,
    written_by_eval_ever,
)
from peerpact.audit.judges.sources import Loaded, load
from peerpact.audit.judges.table import Bools, Codes, Floats, Labels, Scale, ScoreTable
from peerpact.errors import ImportFailure, StudyError

__all__ = ["MOST_JUDGES", "from_columns", "read_scores"]

MOST_JUDGES = 2_000
"""A table with more judges than this has its judge column mapped to something else."""

LARGEST_SCORE = 1e12
"""A larger number, positive or negative, is no score; its square could not be added up."""

_TIME = "time"
_WIDE = 10.0
"""Highest score of a scale on which nobody gives shares of 1."""
_MANY = 10
"""Scores of a judge that show which scale it uses, and rows that show whether rows are copies."""
_VALUES = 50
_LOOKED_AT = 20_000
"""Rows after which no further scores are looked at for copies."""
_COPIED = 0.05
"""Share of rows that are another's equal from which on they are suspect."""


def read_scores(
    path: Path | str,
    columns: Mapping[str, str] | None = None,
    *,
    scale: tuple[float, float] | None = None,
) -> ScoreTable:
    """Read a table of scores.

    Args:
        path: A ``.csv``, ``.tsv``, ``.parquet``, ``.json`` or ``.jsonl`` file, or a result of Every
            Eval Ever (its JSON, its instance rows beside it, or a folder of both).
        columns: Column names by role (judge, judged, item, score, gold, bar, …).
        scale: Lowest and highest possible score; guessed from the scores where it is None.

    Raises:
        ImportFailure: The file cannot be read as a table.
        StudyError: A needed column is missing, a named one does not exist, or the scale is none.
    """
    path = Path(path)
    check_place(path)
    if written_by_eval_ever(path):
        loaded = eval_ever_rows(path)
        roles = resolve(loaded.frame.columns, columns, str(path))
    else:
        loaded, roles = load(path, columns)
    return _table(loaded, roles, scale, str(path))


def from_columns(
    values: Mapping[str, Sequence[Any]],
    columns: Mapping[str, str] | None = None,
    *,
    scale: tuple[float, float] | None = None,
) -> ScoreTable:
    """Make a table from columns that are in memory already.

    Raises:
        StudyError: A needed column is missing or a named one does not exist.
    """
    polars = import_module("polars")
    series = [polars.Series(name, _listed(column), strict=False) for name, column in values.items()]
    frame = polars.DataFrame(series)
    return _table(Loaded(frame, {}), resolve(frame.columns, columns, "columns"), scale, "columns")


def _listed(column: Any) -> Any:
    """Return an array of objects as the list of them, whose types polars can see."""
    objects = isinstance(column, np.ndarray) and column.dtype.kind == "O"
    return list(column) if objects else column


def _table(
    loaded: Loaded, roles: Mapping[str, str], scale: tuple[float, float] | None, where: str
) -> ScoreTable:
    frame = loaded.frame
    if frame.height == 0:
        raise ImportFailure(f"{where}: the table has no rows")
    numbers = {r: _numbers(frame[c]) for r, c in roles.items() if r in vocabulary().numbers}
    score, empty = numbers.pop("score")
    reasons = _Reasons(frame.height)
    reasons.add("empty", empty)
    reasons.add("not_finite", np.isinf(score) | _written_nan(frame[roles["score"]]))
    reasons.add("too_large", np.abs(score) > LARGEST_SCORE)
    reasons.add("text", np.isnan(score))
    found = {r: np.where(np.abs(v) <= LARGEST_SCORE, v, np.nan) for r, (v, _) in numbers.items()}
    if _TIME in roles:
        found[_TIME] = _times(frame[roles[_TIME]])
    labelled = {r: c for r, c in roles.items() if r not in vocabulary().numbers and r != _TIME}
    columns = (frame[column] for column in labelled.values())
    labels = dict(zip(labelled, side_by_side(_labels, columns), strict=True))
    if len(labels["judge"].names) > MOST_JUDGES:
        raise StudyError(
            f"more than {MOST_JUDGES} judges",
            where=f"{where}:{roles['judge']}",
            found=len(labels["judge"].names),
            hint="is this the judge's column? name it with --column judge=NAME",
        )
    reasons.add("judge_missing", labels["judge"].codes < 0)
    reasons.add_outcomes(labels.pop("outcome", None))
    chosen = Scale.stated(*scale) if scale else _scale(score[reasons.usable])
    if chosen and not scale:
        usable = np.where(reasons.usable, score, np.nan)
        reasons.add("other_scale", _on_shares(usable, labels["judge"], chosen))
    if chosen:
        with np.errstate(invalid="ignore"):
            reasons.add("out_of_scale", (score < chosen.lowest) | (score > chosen.highest))
    score = np.where(reasons.usable, score, np.nan)
    return ScoreTable(
        score, labels, found, reasons.labels(), chosen, roles, loaded.skipped,
        (*loaded.notes, *_repeated(frame, score, "item" in roles)),
    )  # fmt: skip


class _Reasons:
    """Why rows cannot be used; the first reason of a row stands. Private to the reading."""

    def __init__(self, rows: int) -> None:
        self.codes = np.full(rows, -1, dtype=np.int64)
        self.names: list[str] = []

    @property
    def usable(self) -> Bools:
        return np.asarray(self.codes < 0)

    def add(self, name: str, rows: Bools) -> None:
        rows = rows & self.usable
        if rows.any():
            self.codes[rows] = len(self.names)
            self.names.append(name)

    def add_outcomes(self, outcomes: Labels | None) -> None:
        """Leave out rows whose outcome says that there was no answer; a column of verdicts is none."""
        words = vocabulary().words
        names = [named(name) for name in outcomes.names] if outcomes else []
        verdicts = set(names) & words.passed
        for code, name in enumerate(names):
            if outcomes and name in words.unscored and not verdicts:
                self.add(name, outcomes.codes == code)

    def labels(self) -> Labels:
        return Labels(self.codes, tuple(self.names))


def _numbers(series: Any) -> tuple[Floats, Bools]:
    """Return a column as numbers, and where its cells are empty; words for yes and no are 1 and 0."""
    polars = import_module("polars")
    empty = series.is_null()
    if series.dtype == polars.String:
        text = series.str.strip_chars()
        empty = empty | (text == "").fill_null(True)
        text = _with_points(text.str.replace(r"\s*%$", ""))
        series = text.cast(polars.Float64, strict=False)
        if series.null_count() > empty.sum():
            series = series.fill_null(_verdicts(text))
    elif series.dtype.is_nested() or series.dtype.is_temporal():
        series = polars.Series([None] * len(series), dtype=polars.Float64)
    else:
        series = series.cast(polars.Float64, strict=False)
    values = series.fill_null(float("nan")).to_numpy()
    return np.array(values, dtype=np.float64), np.asarray(empty.to_numpy(), dtype=bool)


def _with_points(text: Any) -> Any:
    """Return decimal commas as points, where no cell has a point and not all of them can part thousands."""
    commas = text.filter(text.str.contains(r"^[+-]?\d+,\d+$"))
    thousands = commas.str.contains(r",\d{3}$").all()
    if len(commas) == 0 or thousands or text.str.contains(".", literal=True).any():
        return text
    return text.str.replace(",", ".", literal=True)


def _verdicts(text: Any) -> Any:
    polars = import_module("polars")
    words = vocabulary().words
    lower = text.str.to_lowercase()
    return lower.replace_strict(
        [*sorted(words.passed), *sorted(words.failed)],
        [1.0] * len(words.passed) + [0.0] * len(words.failed),
        default=None,
        return_dtype=polars.Float64,
    )


def _written_nan(series: Any) -> Bools:
    polars = import_module("polars")
    if series.dtype.is_float():
        found = series.is_nan().fill_null(False)
    elif series.dtype == polars.String:
        found = series.str.strip_chars().str.to_lowercase().is_in(["nan", "+nan", "-nan"])
        found = found.fill_null(False)
    else:
        return np.zeros(len(series), dtype=bool)
    return np.asarray(found.to_numpy(), dtype=bool)


def _labels(series: Any) -> Labels:
    polars = import_module("polars")
    if series.dtype.is_nested():
        series = polars.Series([None] * len(series), dtype=polars.String)
    text = series.cast(polars.String)
    written = text.unique(maintain_order=True).drop_nulls()
    stripped = written.str.strip_chars()
    names = stripped.unique(maintain_order=True)
    names = names.filter(names != "")
    by_written = np.append(_codes(stripped, names, -1), -1)
    return Labels(by_written[_codes(text, written, len(written))], tuple(names.to_list()))


def _codes(text: Any, names: Any, none: int) -> Codes:
    """Return the place of each text among the names; ``none`` where it is not there."""
    polars = import_module("polars")
    codes = text.cast(polars.Enum(names), strict=False).to_physical()
    return np.asarray(codes.cast(polars.Int64).fill_null(none).to_numpy(), dtype=np.int64)


def _times(series: Any) -> Floats:
    polars = import_module("polars")
    if series.dtype.is_temporal():
        series = series.cast(polars.Datetime("us"), strict=False).dt.epoch("us") / 1e6
    elif series.dtype == polars.String:
        number = series.str.strip_chars().cast(polars.Float64, strict=False)
        series = number if number.null_count() < len(number) else _moments(series)
    seconds = series.cast(polars.Float64, strict=False).fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(seconds), seconds, np.nan)


def _moments(series: Any) -> Any:
    polars = import_module("polars")
    try:
        return series.str.to_datetime(strict=False).dt.epoch("us") / 1e6
    except polars.exceptions.PolarsError:
        return polars.Series([None] * len(series), dtype=polars.Float64)


def _repeated(frame: Any, score: Floats, items: bool) -> tuple[str, ...]:
    """Say whether rows seem to be copies: looked for among rows of a few scores, since copies share theirs.

    Where there are items, a row that is another's equal is suspect; elsewhere equal rows are usual, and
    only a table in which every row is there equally many times, or a multiple of it, is.
    """
    chosen = np.zeros(len(score), dtype=bool)
    for value in dict.fromkeys(score[np.isfinite(score)][:_VALUES].tolist()):
        chosen |= score == value
        if chosen.sum() > _LOOKED_AT:
            break
    part = frame.filter(chosen)
    if part.height < _MANY or any(kind.is_nested() for kind in part.dtypes):
        return ()
    sizes = part.group_by(part.columns).len()["len"].to_numpy()
    if items:
        suspect = part.height - len(sizes) >= _COPIED * part.height
    else:
        suspect = len(sizes) >= _MANY and np.gcd.reduce(sizes) > 1
    return ("copies",) if suspect else ()


def _on_shares(score: Floats, judge: Labels, scale: Scale) -> Bools:
    """Return the rows of judges who score from 0 to 1 in a table whose scale is much wider."""
    apart = np.zeros(len(score), dtype=bool)
    if scale.highest < _WIDE:
        return apart
    judged = (judge.codes >= 0) & np.isfinite(score)
    size = len(judge.names)
    n = np.bincount(judge.codes[judged], minlength=size)
    beyond = judged & ((score > 1) | (score < 0))
    over = np.bincount(judge.codes[beyond], minlength=size)
    narrow = (over == 0) & (n >= _MANY)
    if narrow.any() and not narrow[n > 0].all():
        apart = judged & np.append(narrow, False)[judge.codes]
    return apart


def _scale(scores: Floats) -> Scale | None:
    """Return the first scale that holds nearly all scores, or none."""
    if len(scores) == 0:
        return None
    for lowest, highest in vocabulary().scales:
        inside = ((scores >= lowest) & (scores <= highest)).mean()
        if inside >= vocabulary().scale_share:
            return Scale(lowest, highest)
    return None
