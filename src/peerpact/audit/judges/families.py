"""Who is kin to whom: the families of a model, from its name or from the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from peerpact.audit.judges.columns import named
from peerpact.audit.judges.table import Bools, Labels
from peerpact.errors import StudyError
from peerpact.text import read_yaml

__all__ = ["FamilyMap", "families_of", "kinship", "read_families"]

_SHORT = 3
Kin = frozenset[str]


class FamilyMap(BaseModel):
    """Families of models by words of their names; ``families.yaml`` explains each part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    families: Mapping[str, tuple[str, ...]] = {}
    lineage: Mapping[str, tuple[str, ...]] = {}
    models: Mapping[str, tuple[str, ...]] = {}

    def of(self, name: str) -> Kin:
        """Return the families of a model; none where no word of its name is known."""
        if name in self.models:
            return frozenset(self.models[name])
        parts = re.findall(r"[a-z0-9]+", name.lower())
        found = {
            family
            for family, words in self.families.items()
            if any(_fits(word, part) for word in words for part in parts)
        }
        for word, kin in self.lineage.items():
            if any(_fits(word, part) for part in parts):
                found |= set(kin)
        return frozenset(found)

    def merged(self, other: FamilyMap) -> FamilyMap:
        """Return this map with another's entries added; the other's exact models win."""
        words = {
            name: tuple(
                dict.fromkeys((*self.families.get(name, ()), *other.families.get(name, ())))
            )
            for name in {**self.families, **other.families}
        }
        return FamilyMap(
            families=words,
            lineage={**self.lineage, **other.lineage},
            models={**self.models, **other.models},
        )


def _fits(word: str, part: str) -> bool:
    if len(word) > _SHORT:
        return part.startswith(word)
    return re.fullmatch(rf"{re.escape(word)}(\d+[a-z]*)?", part) is not None


@lru_cache(maxsize=8)
def read_families(path: Path | None = None) -> FamilyMap:
    """Return the built-in map, with the entries of a file added.

    Raises:
        StudyError: The file is missing or is no map of families.
    """
    own = FamilyMap.model_validate(read_yaml(files(__package__) / "families.yaml"))
    if path is None:
        return own
    try:
        return own.merged(FamilyMap.model_validate(read_yaml(path)))
    except ValidationError as e:
        first = e.errors()[0]
        where = f"{path}:{'.'.join(str(part) for part in first['loc'])}"
        hint = "allowed: families, lineage, models, each a mapping of a name to a list of words"
        raise StudyError(first["msg"], where=where, hint=hint) from None


def families_of(who: Labels, stated: Labels | None, families: FamilyMap) -> list[Kin]:
    """Return the families of each name; what a column of the table states goes before the map."""
    by_name: dict[int, int] = {}
    if stated is not None:
        codes, first = np.unique(who.codes, return_index=True)
        by_name = dict(zip(codes.tolist(), stated.codes[first].tolist(), strict=True))
    found = []
    for code, name in enumerate(who.names):
        said = by_name.get(code, -1)
        found.append(
            _stated(stated.names[said], families) if stated and said >= 0 else families.of(name)
        )
    return found


def _stated(text: str, families: FamilyMap) -> Kin:
    return families.of(text) or frozenset({named(text)})


def kinship(judges: list[Kin], others: list[Kin]) -> Bools:
    """Return whether each judge shares a family with each of the others: shape (judges, others)."""
    names = sorted({family for kin in (*judges, *others) for family in kin})
    place = {name: i for i, name in enumerate(names)}

    def member(kins: list[Kin]) -> Bools:
        rows = np.zeros((len(kins), len(names)), dtype=bool)
        for row, kin in enumerate(kins):
            rows[row, [place[name] for name in kin]] = True
        return rows

    shared = member(judges).astype(np.int64) @ member(others).astype(np.int64).T
    return np.asarray(shared > 0)
