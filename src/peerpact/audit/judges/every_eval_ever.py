"""Every Eval Ever: an aggregate file that names the judges, and instance rows beside it that hold the scores.

Only the aggregate says who judged. Instance rows are joined to it by evaluation id; where several
judges sat as a jury, the row holds the jury's joint score and the judge is the jury.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from peerpact.audit.judges.sources import Loaded, parsed_lines
from peerpact.errors import ImportFailure

__all__ = ["eval_ever_rows", "written_by_eval_ever"]

_HEAD = 1 << 16
_MOST_BYTES = 1 << 28
_COLUMNS = ("judge", "judged", "item", "group", "score")
_TEXTS = ("content", "instructions")


def written_by_eval_ever(path: Path) -> bool:
    """Whether the file has the marks of this format: instance rows, or an aggregate."""
    if path.suffix.lower() not in {".json", ".jsonl"}:
        return False
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    rows = b'"evaluation_id"' in head and b'"sample_id"' in head and b'"model_id"' in head
    return rows or (b'"schema_version"' in head and b'"evaluation_id"' in head)


def eval_ever_rows(path: Path, *, texts: bool = False) -> Loaded:
    """Read the instance rows of an evaluation, with judges from the aggregate file.

    Args:
        path: The aggregate, or its instance rows.
        texts: Whether to read what was judged and what the judge was told, too.

    Raises:
        ImportFailure: The aggregate names no judge or no rows, or a file cannot be read.
    """
    if path.suffix.lower() == ".json":
        aggregates = [_aggregate(path)]
        rows_at = _rows_beside(path, aggregates[0])
    else:
        aggregates = [_aggregate(p) for p in sorted(path.parent.glob("*.json")) if _is_small(p)]
        rows_at = path
    judges: dict[tuple[str, str], tuple[str, str]] = {}
    for aggregate in aggregates:
        judges |= _judges(aggregate)
    if not judges:
        raise ImportFailure(f"{path}: no aggregate file beside these rows says who judged")
    with rows_at.open("rb") as stream:
        rows, skipped = parsed_lines(stream, None)
    columns = (*_COLUMNS, *_TEXTS) if texts else _COLUMNS
    return _loaded([_row(row, judges)[: len(columns)] for row in rows], columns, skipped)


def _is_small(path: Path) -> bool:
    return path.stat().st_size <= _MOST_BYTES


def _aggregate(path: Path) -> Mapping[str, Any]:
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as e:
        raise ImportFailure(f"{path}: this is not JSON ({e})") from e
    return document if isinstance(document, dict) else {}


def _rows_beside(path: Path, aggregate: Mapping[str, Any]) -> Path:
    """Return the file of instance rows: that name, in the aggregate's own folder and nowhere else."""
    details = aggregate.get("detailed_evaluation_results")
    named = details.get("file_path") if isinstance(details, dict) else None
    guess = path.with_name(f"{path.stem}_samples.jsonl")
    beside = path.with_name(Path(named).name) if isinstance(named, str) and named else guess
    if not beside.is_file():
        raise ImportFailure(
            f"{path}: its instance rows are not beside it; looked for {beside.name}"
        )
    return beside


def _judges(aggregate: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the judge or jury, and what it was told, by evaluation id and evaluation name."""
    found = {}
    results = aggregate.get("evaluation_results")
    for result in results if isinstance(results, list) else []:
        config = result.get("metric_config", {}) if isinstance(result, dict) else {}
        scoring = config.get("llm_scoring") if isinstance(config, dict) else None
        scoring = scoring if isinstance(scoring, dict) else {}
        sat = scoring.get("judges") or []
        names = [_judge(judge) for judge in sat]
        if names:
            key = (str(aggregate.get("evaluation_id")), str(result.get("evaluation_name")))
            found[key] = " + ".join(names), str(scoring.get("input_prompt") or "")
    return found


def _judge(judge: Any) -> str:
    info = judge.get("model_info") if isinstance(judge, dict) else None
    info = info if isinstance(info, dict) else {}
    return str(info.get("id") or info.get("name") or "unnamed")


def _row(
    row: Mapping[str, Any], judges: Mapping[tuple[str, str], tuple[str, str]]
) -> tuple[Any, ...]:
    evaluation = row.get("evaluation")
    scored = evaluation if isinstance(evaluation, dict) else {}
    name = str(row.get("evaluation_name"))
    judge, told = judges.get((str(row.get("evaluation_id")), name), (None, ""))
    output = row.get("output")
    return (
        judge,
        row.get("model_id"),
        row.get("sample_id"),
        name,
        scored.get("score"),
        _said(output.get("raw") if isinstance(output, dict) else output),
        told,
    )


def _said(raw: Any) -> str | None:
    """Return what was judged: a text, or texts that were written one after the other."""
    texts = raw if isinstance(raw, list) else [raw]
    return "\n\n".join(text for text in texts if isinstance(text, str)) or None


def _loaded(
    rows: list[tuple[Any, ...]], names: tuple[str, ...], skipped: Mapping[str, int]
) -> Loaded:
    polars = import_module("polars")
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    text = {
        name: [None if v is None or isinstance(v, dict | list) else str(v) for v in column]
        for name, column in zip(names, columns, strict=True)
    }
    return Loaded(polars.DataFrame(text, schema=dict.fromkeys(text, polars.String)), skipped)
