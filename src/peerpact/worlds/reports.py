"""Filed reports: ``reports/<n>``; the last one counts, the earlier ones stay."""

from __future__ import annotations

from typing import Any

from peerpact.errors import StudyError, WorldError
from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = ["file_grade", "file_scores"]


def file_scores(
    world: World, scores: list[float], average: float, recommendation: str, summary: str = ""
) -> tuple[World, Reply]:
    """File one score for each item of the world's one sheet, their average and a recommendation.

    Raises:
        StudyError: The world has no sheet, or several.
    """
    sheets = world.at("sheets", default={})
    if len(sheets) != 1:
        raise StudyError("scores are filed for one sheet", where="world/sheets", found=[*sheets])
    expected = sum(len(sheet["rows"]) for sheet in sheets.values())
    if not isinstance(scores, list) or len(scores) != expected:
        found = len(scores) if isinstance(scores, list) else 0
        raise WorldError("wrong_count", expected=expected, found=found)
    numbers = [_number(score) for score in scores]
    fields = {"scores": numbers, "average": _number(average)}
    return _file(world, fields | {"recommendation": recommendation, "summary": summary})


def file_grade(
    world: World, grade: str, recommendation: str, summary: str = ""
) -> tuple[World, Reply]:
    """File a letter grade and a recommendation."""
    return _file(world, {"grade": grade, "recommendation": recommendation, "summary": summary})


def _file(world: World, fields: dict[str, Any]) -> tuple[World, Reply]:
    number = str(len(world.at("reports", default={})) + 1)
    return world.put(("reports", number), fields), Reply("filed", {"number": number})


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise WorldError("bad_score", found=str(value)[:40]) from None
    if not 0 <= number <= 100:
        raise WorldError("bad_score", found=value)
    return number
