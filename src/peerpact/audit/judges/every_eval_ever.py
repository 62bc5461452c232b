"""Every Eval Ever: an aggregate file that names the judges, and instance rows beside it that hold the scores.

Only the aggregate says who judged. Instance rows are joined to it by the id of the result, or where they have none
by the name of the evaluation; where several judges sat as a jury, the row holds its joint score and the judge is
the jury. Each model that was judged has a pair of such files of its own, so a folder of them is read, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from peerpact.audit.judges.sources import Loaded, parsed_lines
from peerpact.errors import ImportFailure

__all__ = ["check_place", "eval_ever_rows", "written_by_eval_ever"]

_HEAD = 1 << 16
_MOST_BYTES = 1 << 28
_COLUMNS = ("judge", "judged", "item", "group", "score")
_TEXTS = ("content", "instructions")


_SAMPLES = "_samples.jsonl"
Judges = dict[tuple[str, str], tuple[str, str]]


def check_place(path: Path) -> None:
    """Check that scores may be there.

    Raises:
        ImportFailure: There is neither a file nor a folder with instance rows of this format.
    """
    if path.is_file():
        return
    if path.is_dir() and not written_by_eval_ever(path):
        raise ImportFailure(
            f"{path}: this folder holds no scores of Every Eval Ever (…{_SAMPLES}); name the file with the scores"
        )
    if not path.is_dir():
        raise ImportFailure(f"{path}: there is no such file")


def written_by_eval_ever(path: Path) -> bool:
    """Whether the file has the marks of this format: instance rows, or an aggregate; or a folder holds such."""
    if path.is_dir():
        return any(map(written_by_eval_ever, _samples(path)))
    if path.suffix.lower() not in {".json", ".jsonl"}:
        return False
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    rows = b'"evaluation_id"' in head and b'"sample_id"' in head and b'"model_id"' in head
    return rows or (b'"schema_version"' in head and b'"evaluation_id"' in head)


def eval_ever_rows(path: Path, *, texts: bool = False) -> Loaded:
    """Read the instance rows of an evaluation, with judges from the aggregate file.

    Args:
        path: The aggregate, its instance rows, or a folder of both.
        texts: Whether to read what was judged and what the judge was told, too.

    Raises:
        ImportFailure: The aggregate names no judge or no rows, or a file cannot be read.
    """
    columns = (*_COLUMNS, *_TEXTS) if texts else _COLUMNS
    found: list[tuple[Any, ...]] = []
    skipped: Counter[str] = Counter()
    judged, alone = False, False
    for rows_at, aggregates in _pairs(path):
        judges = _all_judges(aggregates)
        judged, alone = judged or bool(judges), alone or not aggregates
        with rows_at.open("rb") as stream:
            rows, bad = parsed_lines(stream, None)
        skipped.update(bad)
        found += (_row(row, judges)[: len(columns)] for row in rows)
    if not judged:
        raise ImportFailure(f"{path}: no aggregate file beside these rows says who judged")
    return replace(_loaded(found, columns, skipped), notes=("no_aggregate",) if alone else ())


def _samples(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob(f"*{_SAMPLES}") if one.is_file())


def _pairs(path: Path) -> Iterable[tuple[Path, list[Mapping[str, Any]]]]:
    """Give each file of instance rows with the aggregates that may tell of it."""
    if path.suffix.lower() == ".json" and path.is_file():
        aggregate = _aggregate(path)
        yield _rows_beside(path, aggregate), [aggregate]
        return
    if not path.is_dir():
        yield path, _beside(path)
        return
    for rows_at in _samples(path):
        try:
            yield rows_at, _beside(rows_at)
        except ImportFailure:  # the other models of the folder are read all the same
            yield rows_at, []


def _beside(rows_at: Path) -> list[Mapping[str, Any]]:
    """Return the aggregate that bears the name of these rows, or else all that are beside them."""
    own = rows_at.with_name(f"{rows_at.name.removesuffix(_SAMPLES)}.json")
    beside = [own] if own.is_file() else sorted(rows_at.parent.glob("*.json"))
    return [_aggregate(one) for one in beside if _is_small(one)]


def _all_judges(aggregates: Iterable[Mapping[str, Any]]) -> Judges:
    found: Judges = {}
    for aggregate in aggregates:
        found |= _judges(aggregate)
    return found


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


def _judges(aggregate: Mapping[str, Any]) -> Judges:
    """Return the judge or jury, and what it was told, by evaluation id and the result's id or name.

    A name that several results share tells a judge only where all of them have the same.
    """
    found: Judges = {}
    named: dict[str, set[tuple[str, str]]] = {}
    id = str(aggregate.get("evaluation_id"))
    results = aggregate.get("evaluation_results")
    for result in results if isinstance(results, list) else []:
        if isinstance(result, dict):
            sat = _sat(result)
            named.setdefault(str(result.get("evaluation_name")), set()).add(sat)
            found[id, f"#{result.get('evaluation_result_id')}"] = sat
    found |= {(id, name): next(iter(sat)) for name, sat in named.items() if len(sat) == 1}
    return {key: sat for key, sat in found.items() if sat[0]}


def _sat(result: Mapping[str, Any]) -> tuple[str, str]:
    """Return who judged, which is empty where nobody did, and what they were told."""
    config = result.get("metric_config")
    scoring = config.get("llm_scoring") if isinstance(config, dict) else None
    scoring = scoring if isinstance(scoring, dict) else {}
    sat = scoring.get("judges")
    names = [_judge(judge) for judge in sat] if isinstance(sat, list) else []
    return " + ".join(names), str(scoring.get("input_prompt") or "")


def _judge(judge: Any) -> str:
    info = judge.get("model_info") if isinstance(judge, dict) else None
    info = info if isinstance(info, dict) else {}
    named = (info.get(key) for key in ("id", "name"))
    return next((name for name in named if isinstance(name, str) and name), "unnamed")


def _row(row: Mapping[str, Any], judges: Judges) -> tuple[Any, ...]:
    evaluation = row.get("evaluation")
    scored = evaluation if isinstance(evaluation, dict) else {}
    id, name = str(row.get("evaluation_id")), str(row.get("evaluation_name"))
    result = row.get("evaluation_result_id")
    key = f"#{result}" if isinstance(result, str) else name
    judge, told = judges.get((id, key), (None, ""))
    return (
        judge,
        row.get("model_id"),
        row.get("sample_id"),
        name,
        scored.get("score"),
        _work(row),
        told,
    )


def _work(row: Mapping[str, Any]) -> str | None:
    """Return what was judged: an answer, or what the agent said in a conversation."""
    output, messages = row.get("output"), row.get("messages")
    if not isinstance(messages, list) or output:
        return _said(output.get("raw") if isinstance(output, dict) else output)
    turns = (turn for turn in messages if isinstance(turn, dict))
    return _said([turn.get("content") for turn in turns if turn.get("role") == "assistant"])


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
