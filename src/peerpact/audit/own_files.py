"""Files that Peerpact writes beside its logs: no transcripts, so an audit passes over them and says so."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files

from peerpact.audit.reading import Source
from peerpact.text import read_yaml

__all__ = ["own_file"]


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
    if source.shape != "text":
        return frozenset()
    head = source.start.decode("utf-8", "replace").splitlines()[:1]
    return frozenset(next(csv.reader(head), []))
