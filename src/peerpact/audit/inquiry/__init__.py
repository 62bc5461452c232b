"""Questions to models about other people's texts: fenced, in a closed schema, answered once."""

from peerpact.audit.inquiry.fence import fence, mark
from peerpact.audit.inquiry.journal import Replies
from peerpact.audit.inquiry.question import (
    ANSWERED,
    PROVIDER_ERROR,
    Pace,
    Question,
    Reply,
    Use,
    expected_use,
    read_answer,
)

__all__ = [
    "ANSWERED",
    "PROVIDER_ERROR",
    "Pace",
    "Question",
    "Replies",
    "Reply",
    "Use",
    "expected_use",
    "fence",
    "mark",
    "read_answer",
]
