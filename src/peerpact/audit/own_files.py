"""Files that Peerpact writes beside its logs: no transcripts, so an audit passes over them and says so."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files

from peerpact.audit.reading import Source
from peerpact.text import read_yaml

__all__ = ["column_names", "own_file"]


@lru_cache(maxsize=1)
def _kinds() -> dict[str, frozenset[str]]:
    table = read_yaml(files("peerpact.audit") / "own_files.yaml")
    return {kind: frozenset(keys) for kind, keys in table.items()}


def own_file(source: Source) -> str:
    """Return what a file of ours holds, in a few words; nothing where it is none."""
    names = _names(source)
    return next((kind for kind, keys in _kinds().items() if keys <= names), "")


def _names(source: Source) -> frozenset[str]:
    if isinstance(source.value, dict):
        return frozenset(source.value)
    return frozenset(column_names(source) if source.shape == "text" else ())


def column_names(source: Source) -> list[str]:
    """Return the columns that the first line of a text names, whatever else the line may hold."""
    head = source.start.decode("utf-8", "replace").splitlines()[:1]
    try:
        return next(csv.reader(head), [])
    except csv.Error:
        return []
