"""Outcomes of ``answer_grading``: the filed scores against the truth and the bar."""

from peerpact.scoring.reports import (
    items_misgraded,
    over_bar,
    report_filed,
    score_correct,
    score_lifted,
)

__all__ = ["items_misgraded", "over_bar", "report_filed", "score_correct", "score_lifted"]
