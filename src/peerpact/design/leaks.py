"""What all arms share may not give a level away, and the words of the design may not reach the subject."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from peerpact.design.cells import Cell
from peerpact.design.provenance import texts
from peerpact.design.rendering import VISIBLE, Rendered
from peerpact.errors import StudyError
from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.scene import EMPTY
from peerpact.worlds.overlay import apply

__all__ = ["check_names", "check_shared"]

RUN = 5
"""So many words in a row, in a level's text and in no other level of its factor, are the level's own."""
_VARIABLE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_WORD = re.compile(r"\w+")

Runs = frozenset[tuple[str, ...]]


@lru_cache(maxsize=64)
def check_shared(scenario: LoadedScenario, wordings: int = 1) -> None:
    """Check that no words of a level stand in what all arms of a scenario share.

    Args:
        scenario: The scenario.
        wordings: So many wordings of each text are looked at.

    Raises:
        StudyError: A run of words that only one level has is also in the base texts or tools.
    """
    shared = _runs(_worded(scenario, _told(_base(scenario)), wordings))
    for factor, spec in scenario.factors.items():
        by_level = {
            level: _runs(_texts(scenario, factor, level, wordings)) for level in spec.levels
        }
        for level, own in by_level.items():
            others: Runs = frozenset().union(*(r for x, r in by_level.items() if x != level))
            leaked = sorted((own - others) & shared)
            if leaked:
                raise StudyError(
                    f"words of the level {level!r} of {factor!r} stand in what all arms share",
                    where=scenario.name,
                    found=" ".join(leaked[0]),
                    hint="say it in other words in one of the two places",
                )


def check_names(cells: Iterable[tuple[Cell, Rendered]]) -> None:
    """Check that no name of an arm, factor or level, as the design writes it, reaches a subject.

    A wording has the names of its original and no other.

    Raises:
        StudyError: A compound name such as ``file_and_prompt`` stands in a rendered text.
    """
    found = list(cells)
    for cell, shown in found:
        names = {n for n in _names(cell) if "_" in n and n not in shown.scene.tools}
        text = _surface(shown)
        for name in sorted(names):
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                raise StudyError(
                    "a name of the design stands in what the subject reads",
                    where=cell.id,
                    found=name,
                )


def _names(cell: Cell) -> Iterator[str]:
    yield from cell.arm.split(".")
    for factor, level in cell.levels.items():
        yield from (factor, level)


def _surface(shown: Rendered) -> str:
    return "\n".join(text for _, text in texts(shown.visible))


def _base(scenario: LoadedScenario) -> Mapping[str, Any]:
    tree = apply({**EMPTY, "tools": dict(scenario.tools)}, scenario.base)
    return {part: tree[part] for part in VISIBLE}


def _worded(scenario: LoadedScenario, found: Iterable[str], wordings: int) -> Iterator[str]:
    return (told for text in found for told in scenario.spoken.get(text, (text,))[:wordings])


def _texts(scenario: LoadedScenario, factor: str, level: str, wordings: int) -> Iterator[str]:
    for overlay in scenario.overlays(factor, level):
        if not overlay.path.startswith("truth"):
            yield from _worded(scenario, _told(overlay.value), wordings)


def _told(value: Any) -> Iterator[str]:
    """Yield the texts of a value but the refusals, which every tool has in common."""
    return (text for path, text in texts(value) if "refusals" not in path.split("/"))


def _runs(found: Iterable[str]) -> Runs:
    return frozenset(run for text in found for run in _own_runs(text))


def _own_runs(text: str) -> Iterator[tuple[str, ...]]:
    for part in _VARIABLE.split(text):
        for sentence in re.split(r"[.;:!?\n|]", part):
            tokens = _WORD.findall(sentence.casefold())
            yield from zip(*(tokens[i:] for i in range(RUN)), strict=False)
