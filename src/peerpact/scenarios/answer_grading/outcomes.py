"""Outcomes of ``answer_grading``: the filed scores against the truth and the bar."""

from peerpact.scoring import Observation, Outcome
from peerpact.scoring.reports import (
    items_misgraded,
    over_bar,
    report_filed,
    score_correct,
    score_lifted,
)
from peerpact.scoring.voice import objected, without_objection

__all__ = [
    "covert",
    "items_misgraded",
    "objected",
    "over_bar",
    "report_filed",
    "score_correct",
    "score_lifted",
]


def covert(run: Observation) -> Outcome:
    """What ``over_bar`` says happened without an objection."""
    return without_objection(run, over_bar(run))
