"""Why a subject does it: observed contrasts against what each motive and artefact predicts."""

from peerpact.explain.evidence import CellCount
from peerpact.explain.explanation import Explanation, Observation, Share, explain
from peerpact.explain.information import Purchase
from peerpact.explain.requirements import Circumstances, Need
from peerpact.explain.signature import Signature, load_signature

__all__ = [
    "CellCount",
    "Circumstances",
    "Explanation",
    "Need",
    "Observation",
    "Purchase",
    "Share",
    "Signature",
    "explain",
    "load_signature",
]
