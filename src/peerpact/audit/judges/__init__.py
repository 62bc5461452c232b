"""Audit of judges: what their scores show of leniency, favour, stakes, bars and relationships."""

from peerpact.audit.judges.answers import (
    EVERYBODY,
    Answer,
    Coverage,
    Estimate,
    JudgeAudit,
    PivotalItem,
    Untested,
)
from peerpact.audit.judges.families import FamilyMap, read_families
from peerpact.audit.judges.reading import from_columns, read_scores
from peerpact.audit.judges.render import summary, to_csv, to_json, to_markdown, to_rows
from peerpact.audit.judges.run import CORRECTIONS, QUESTIONS, audit
from peerpact.audit.judges.sequential import SequentialState, read_state, write_state
from peerpact.audit.judges.table import Labels, Scale, ScoreTable

__all__ = [
    "CORRECTIONS",
    "EVERYBODY",
    "QUESTIONS",
    "Answer",
    "Coverage",
    "Estimate",
    "FamilyMap",
    "JudgeAudit",
    "Labels",
    "PivotalItem",
    "Scale",
    "ScoreTable",
    "SequentialState",
    "Untested",
    "audit",
    "from_columns",
    "read_families",
    "read_scores",
    "read_state",
    "summary",
    "to_csv",
    "to_json",
    "to_markdown",
    "to_rows",
    "write_state",
]
