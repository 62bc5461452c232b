"""Which cells a subject can take: what a cell asks of its generation, the subject's route must obey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from peerpact.design.cells import Cell
from peerpact.design.compiler import VENDOR
from peerpact.design.rendering import rendered
from peerpact.errors import StudyError
from peerpact.subjects.spec import Subject
from peerpact.text import counted

__all__ = ["fitting"]


def fitting(found: Sequence[Cell], subject: Subject) -> tuple[list[Cell], list[str]]:
    """Return the cells that a subject can take, and a line for each reason why others are left out.

    Raises:
        StudyError: None is left.
    """
    reasons = {cell.id: subject.refuses(rendered(cell, VENDOR).scene.generation) for cell in found}
    kept = [cell for cell in found if not reasons[cell.id]]
    lines = [
        f"{counted(n, 'cell is', 'cells are')} left out: {why}"
        for why, n in Counter(reasons.values()).items()
        if why
    ]
    if found and not kept:
        raise StudyError("no cell is left for this subject", where=subject.name, found=lines)
    return kept, lines
