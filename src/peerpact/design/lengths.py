"""Length class: the sides of a contrast are as long as each other, or a matched filler stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from peerpact.design.cells import Cell
from peerpact.design.contrasts import filler_of
from peerpact.design.proof import Proof
from peerpact.errors import StudyError

__all__ = ["Length", "check_length"]


@dataclass(frozen=True, slots=True)
class Length:
    """How the sides of a contrast compare in length."""

    source: int
    """Words on the ``from`` side."""
    to: int
    excess: float
    """How much longer the longer side is, as a share of the shorter."""
    filler: str = ""
    """Id of the cell that controls for length, where one is declared."""


def check_length(
    proof: Proof, share: float | None, cells: Iterable[Cell], count: Callable[[Cell], int]
) -> Length:
    """Compare the lengths of a contrast's sides.

    Args:
        proof: The contrast.
        share: What the study allows; None shows lengths and refuses nothing.
        cells: The cells of the study, where the filler is looked for.
        count: Words of a cell.

    Raises:
        StudyError: The sides differ by more, and no matched filler is in the study.
    """
    pair = proof.pair
    where = f"contrasts/{pair.id}"
    filler = filler_of(pair, cells) if pair.contrast.filler else None
    if pair.contrast.filler and filler is None:
        raise StudyError(
            "the filler of this contrast is no cell of the study",
            where=where,
            found=pair.contrast.filler,
            hint="add the arm that is like the 'to' side but for this level",
        )
    if filler is not None:
        _matched(proof, filler, count(filler), share, where)
    elif share is not None and proof.excess > share:
        raise StudyError(
            f"the sides differ in length by {proof.excess:.1%} ({proof.words[0]} and {proof.words[1]} words), "
            f"the study allows {share:.1%}",
            where=where,
            hint="name a level of the same length as 'filler'",
        )
    return Length(*proof.words, proof.excess, filler.id if filler else "")


def _matched(proof: Proof, filler: Cell, length: int, share: float | None, where: str) -> None:
    to = proof.words[1]
    excess = max(length, to) / min(length, to) - 1.0
    if share is not None and excess > share:
        raise StudyError(
            f"the filler {filler.id} is no match: {length} words against {to} ({excess:.1%})",
            where=where,
            hint="make it as long as the side that it stands for",
        )
