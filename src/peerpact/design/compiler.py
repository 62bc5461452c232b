"""The compiler: a study is expanded and refused, or proved, before a model is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from peerpact.design.cells import Cell, Excluded, expand
from peerpact.design.contrasts import Pair, pairs
from peerpact.design.leaks import check_names, check_shared
from peerpact.design.lengths import Length, check_length
from peerpact.design.ownership import check_ownership
from peerpact.design.proof import Proof, prove_pair
from peerpact.design.reach import Bar, check_reach
from peerpact.design.rendering import rendered
from peerpact.design.stopped import check_exchangeable
from peerpact.design.study import Study
from peerpact.design.telling import check_told, check_wordings
from peerpact.errors import StudyError
from peerpact.scenarios.load import load

__all__ = ["Compiled", "compile_study"]

VENDOR: Mapping[str, Any] = {"vendor": "Alpha"}
"""The proof holds for any vendor word: it fills the same templates on both sides."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A study that was proved."""

    study: Study
    cells: tuple[Cell, ...]
    excluded: tuple[Excluded, ...]
    pairs: tuple[Pair, ...]
    """The contrasts."""
    proofs: tuple[Proof, ...]
    """One for each contrast; four for a difference of differences, one a side of its square."""
    lengths: tuple[Length, ...]
    """One for each proof."""
    bars: Mapping[str, Bar]
    """Cell id → where its bar lies, for cells that have one."""

    def excluded_by_reason(self) -> dict[str, int]:
        """Return how many cells each reason excludes."""
        counts: dict[str, int] = defaultdict(int)
        for cell in self.excluded:
            counts[cell.reason] += 1
        return dict(counts)


def compile_study(study: Study, given: Mapping[str, Any] = VENDOR) -> Compiled:
    """Expand a study, check every cell and prove every contrast.

    Args:
        study: The study.
        given: Facts from outside the scenarios.

    Raises:
        StudyError: A contrast differs in more than its factor, two cells are one, a level leaks, lengths do not
            match, a bar is out of reach, a factor trespasses.
    """
    found = expand(study)
    cells = tuple(c for c in found if isinstance(c, Cell))
    _check_possible(study, found)
    if study.stop is not None:
        check_exchangeable(study.stop, study.scenarios)
    check_wordings(study)
    for name in dict.fromkeys(cell.scenario for cell in cells):
        load(name).check_outcomes()
        check_ownership(load(name))
        check_shared(load(name), study.wordings)
    check_distinct(cells, given)
    check_names((cell, rendered(cell, given)) for cell in cells)
    declared = tuple(pairs(study, cells))
    proofs = tuple(prove_pair(edge, given) for pair in declared for edge in pair.edges)
    check_told(proofs, study.wordings, given)
    return Compiled(
        study=study,
        cells=cells,
        excluded=tuple(c for c in found if isinstance(c, Excluded)),
        pairs=declared,
        proofs=proofs,
        lengths=_lengths(study, proofs, cells, given),
        bars=_bars(cells, given),
    )


def check_distinct(cells: Iterable[Cell], given: Mapping[str, Any]) -> None:
    """Check that no two cells reach the subject as the same text.

    Raises:
        StudyError: Two do; the message names both, and the levels in which they seem to differ.
    """
    seen: dict[str, Cell] = {}
    for cell in cells:
        digest = f"{cell.scenario}/{rendered(cell, given).scene.digest}"
        twin = seen.setdefault(digest, cell)
        if twin is not cell:
            differing = [f for f, level in cell.levels.items() if twin.levels[f] != level]
            raise StudyError(
                f"the cells {twin.id} and {cell.id} reach the subject as the same text",
                where=cell.scenario,
                found={f: (twin.levels[f], cell.levels[f]) for f in differing} or None,
                hint="leave one of them out",
            )


def _check_possible(study: Study, found: Iterable[Cell | Excluded]) -> None:
    """An arm that its author named must exist somewhere; a grid may cross what makes no sense."""
    possible = {cell.arm for cell in found if isinstance(cell, Cell)}
    named = {*study.arms, *(name for entry in study.scenarios.values() for name in entry.arms)}
    for cell in found:
        if isinstance(cell, Excluded) and cell.arm in named - possible:
            raise StudyError(
                f"no scenario allows this arm: {cell.reason}",
                where=study.at(f"arms/{cell.arm}"),
                hint="change its levels, or leave it out",
            )


def _lengths(
    study: Study, proofs: Iterable[Proof], cells: Iterable[Cell], given: Mapping[str, Any]
) -> tuple[Length, ...]:
    by_scenario: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_scenario[cell.scenario].append(cell)
    return tuple(
        check_length(
            proof,
            study.length_share,
            by_scenario[proof.pair.scenario],
            lambda cell, wording: rendered(cell, given).words_in(wording),
            study.wordings,
        )
        for proof in proofs
    )


def _bars(cells: Iterable[Cell], given: Mapping[str, Any]) -> dict[str, Bar]:
    found = {}
    for cell in cells:
        bar = check_reach(cell, rendered(cell, given).scene)
        if bar is not None:
            found[cell.id] = bar
    return found
