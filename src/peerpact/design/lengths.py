"""Length class: the sides of a contrast are as long as each other, or a matched filler stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from peerpact.design.cells import Cell
from peerpact.design.contrasts import filler_of
from peerpact.design.proof import Proof
from peerpact.errors import StudyError
from peerpact.text import counted

__all__ = ["Length", "check_length"]


@dataclass(frozen=True, slots=True)
class Length:
    """How the sides of a contrast compare in length."""

    source: int
    """Words on the ``from`` side."""
    to: int
    excess: float
    """How much longer the longer side is, as a share of the shorter."""
    wording: int = 1
    """The wording in which they differ most."""
    filler: str = ""
    """Id of the cell that controls for length, where one is declared."""


def check_length(
    proof: Proof,
    share: float | None,
    cells: Iterable[Cell],
    count: Callable[[Cell, int], int],
    wordings: int = 1,
) -> Length:
    """Compare the lengths of a contrast's sides.

    Args:
        proof: The contrast.
        share: What the study allows; None shows lengths and refuses nothing.
        cells: The cells of the study, where the filler is looked for.
        count: Words of a cell in a wording.
        wordings: So many wordings are compared, each for itself.

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
    found = []
    for wording in range(1, wordings + 1):
        source, to = count(pair.source, wording), count(pair.to, wording)
        if filler is not None:
            _matched(filler, count(filler, wording), to, share, _told(where, wording))
        elif share is not None:
            _close(source, to, share, _told(where, wording))
        excess = max(source, to) / min(source, to) - 1.0
        found.append(Length(source, to, excess, wording, filler.id if filler else ""))
    return max(found, key=lambda length: length.excess)


def _told(where: str, wording: int) -> str:
    return f"{where} in wording {wording}" if wording > 1 else where


def _close(source: int, to: int, share: float, where: str) -> None:
    excess = max(source, to) / min(source, to) - 1.0
    if excess > share:
        raise StudyError(
            f"the sides differ in length by {excess:.1%} ({source} and {counted(to, 'word')}), the study allows "
            f"{share:.1%}",
            where=where,
            hint="name a level of the same length as 'filler'",
        )


def _matched(filler: Cell, length: int, to: int, share: float | None, where: str) -> None:
    excess = max(length, to) / min(length, to) - 1.0
    if share is not None and excess > share:
        raise StudyError(
            f"the filler {filler.id} is no match: {counted(length, 'word')} against {to} ({excess:.1%})",
            where=where,
            hint="make it as long as the side that it stands for",
        )
