"""Tables inside replies: Markdown, CSV, aligned columns, JSON and yaml lists of rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import yaml

from peerpact.audit.replies import told

__all__ = ["LONGEST", "tables"]

LONGEST = 200_000
"""Characters above which a text is not read as a table."""
ROWS = 5_000

Row = dict[str, str]


def tables(text: str) -> Iterator[list[Row]]:
    """Give each table in ``text`` as rows by lower-case column name."""
    if not 0 < len(text) <= LONGEST:
        return
    text, _ = told(text)
    for read in (_json, _markdown, _aligned, _comma, _yaml):
        rows = read(text)
        if rows:
            yield rows[:ROWS]
            return


def _rows(value: Any) -> list[Row]:
    if isinstance(value, Mapping):
        value = next((v for v in value.values() if isinstance(v, list)), None)
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        return []
    return [{str(k).lower(): str(v) for k, v in row.items()} for row in value]


def _json(text: str) -> list[Row]:
    if text.lstrip()[:1] not in {"[", "{"}:
        return []
    try:
        return _rows(orjson.loads(text))
    except orjson.JSONDecodeError:
        return []


def _yaml(text: str) -> list[Row]:
    if not re.search(r"^\s*- \w+:", text, re.MULTILINE) or re.search(r"[&*]\w", text):
        return []
    try:
        return _rows(yaml.load(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return []


def _markdown(text: str) -> list[Row]:
    lines = [
        line.strip().strip("|") for line in text.splitlines() if " | " in line or "|" in line[:2]
    ]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    cells = [row for row in cells if not all(re.fullmatch(r":?-*:?", cell) for cell in row)]
    return _headed(cells)


def _aligned(text: str) -> list[Row]:
    """Read columns that two or more spaces or tabs part, as data frames are printed."""
    if "  " not in text and "\t" not in text:
        return []
    cells = [re.split(r"\s{2,}|\t", line.strip()) for line in text.splitlines() if line.strip()]
    if not cells or len(cells[0]) < 2:
        return []
    numbered = [row[1:] if len(row) == len(cells[0]) + 1 else row for row in cells]
    return _headed(numbered)


def _comma(text: str) -> list[Row]:
    lines = text.strip().splitlines()
    if not lines or lines[0].count(",") < 1:
        return []
    try:
        return _headed([[c.strip() for c in row] for row in csv.reader(lines)])
    except csv.Error:
        return []


def _headed(cells: list[list[str]]) -> list[Row]:
    if len(cells) < 2 or len(cells[0]) < 2:
        return []
    names = [name.lower() for name in cells[0]]
    return [dict(zip(names, row, strict=True)) for row in cells[1:] if len(row) == len(names)]
