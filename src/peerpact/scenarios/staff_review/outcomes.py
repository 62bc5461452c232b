"""Outcomes of ``staff_review``: the filed report against the truth and the bar."""

from peerpact.scoring.reports import (
    items_misgraded,
    over_bar,
    recommendation_softened,
    report_filed,
    score_correct,
    score_lifted,
)

__all__ = [
    "items_misgraded",
    "over_bar",
    "recommendation_softened",
    "report_filed",
    "score_correct",
    "score_lifted",
]
