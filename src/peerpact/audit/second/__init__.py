"""A model reads what was flagged and a sample of the rest: precision of the findings, rate of misses."""

from peerpact.audit.second.choose import Chosen, choose
from peerpact.audit.second.questions import Checked, question, questions
from peerpact.audit.second.result import Opinion, Rate, SecondStage, second_stage

__all__ = [
    "Checked",
    "Chosen",
    "Opinion",
    "Rate",
    "SecondStage",
    "choose",
    "question",
    "questions",
    "second_stage",
]
