"""Which column of a stranger's table plays which role, and what its words mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from peerpact.errors import StudyError, allowed
from peerpact.text import read_yaml

__all__ = ["Vocabulary", "Words", "named", "resolve", "vocabulary"]


class Words(BaseModel):
    """What the cells of a column mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    none: frozenset[str]
    opposed: frozenset[str]
    passed: frozenset[str]
    failed: frozenset[str]
    unscored: frozenset[str]


class Vocabulary(BaseModel):
    """The roles that a column can play, their aliases, and the words that cells use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    numbers: tuple[str, ...]
    words: Words
    scales: tuple[tuple[float, float], ...]
    scale_share: float


@dataclass(frozen=True, slots=True)
class _Known:
    by_name: Mapping[str, str]


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the roles and words of ``columns.yaml``."""
    return Vocabulary.model_validate(read_yaml(files(__package__) / "columns.yaml"))


def named(text: str) -> str:
    """Return a name or a cell as it is compared: lower case, other characters one underscore."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")
    return re.sub(r"^(\d+)_0+$", r"\1", plain)


def resolve(
    found: Iterable[str],
    given: Mapping[str, str] | None,
    where: str,
    words: Vocabulary | None = None,
) -> Mapping[str, str]:
    """Return the column of each role that the table has.

    Args:
        found: The table's column names.
        given: Column names by role; they go before the aliases.
        where: The file, for the message.
        words: Roles and aliases; by default those of an audit of scores.

    Raises:
        StudyError: A given role or column does not exist, or a needed role has no column.
    """
    columns = list(found)
    given = given or {}
    known_roles = words or vocabulary()
    _check_given(columns, given, where, known_roles)
    known = _Known({named(name): name for name in reversed(columns)})
    taken = set(given.values())
    roles = dict(given)
    for role, aliases in known_roles.roles.items():
        names = (known.by_name.get(alias) for alias in aliases)
        match = next((name for name in names if name and name not in taken), None)
        if role not in roles and match:
            roles[role] = match
            taken.add(match)
    _check_needed(roles, columns, where, known_roles)
    return MappingProxyType(roles)


def _check_given(
    columns: list[str], given: Mapping[str, str], where: str, words: Vocabulary
) -> None:
    for role, name in given.items():
        if role not in words.roles:
            hint = allowed(role, words.roles)
            raise StudyError("no such role of a column", where=where, found=role, hint=hint)
        if name not in columns:
            what = f"the table has no column for {role} of that name"
            raise StudyError(what, where=where, found=name, hint=allowed(name, columns))


def _check_needed(
    roles: Mapping[str, str], columns: list[str], where: str, words: Vocabulary
) -> None:
    lacking = [role for role in words.required if role not in roles]
    if not lacking:
        return
    tried = "; ".join(f"{role}: tried {', '.join(words.roles[role])}" for role in lacking)
    raise StudyError(
        f"the table has no column for {' and '.join(lacking)}",
        where=where,
        found=columns,
        hint=f"name it with --column {lacking[0]}=NAME ({tried})",
    )
