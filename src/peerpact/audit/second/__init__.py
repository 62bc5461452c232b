"""A model reads what was flagged and a sample of the rest: precision of the findings, rate of misses."""

from peerpact.audit.second.cases import Labelled, Measured, labelled, measured
from peerpact.audit.second.choose import Chosen, choose
from peerpact.audit.second.questions import Checked, question, questions
from peerpact.audit.second.result import Opinion, Rate, SecondStage, second_stage

__all__ = [
    "Checked",
    "Chosen",
    "Labelled",
    "Measured",
    "Opinion",
    "Rate",
    "SecondStage",
    "choose",
    "labelled",
    "measured",
    "question",
    "questions",
    "second_stage",
]
