"""Reading other people's transcripts: who protected whom, shown by the calls and messages themselves."""

from peerpact.audit.detectors import detector, detectors
from peerpact.audit.findings import Evidence, Finding, Level
from peerpact.audit.importers import importer, importers, read
from peerpact.audit.run import audit, detect
from peerpact.audit.tally import Audit
from peerpact.audit.transcript import Call, Message, Transcript, Unread

__all__ = [
    "Audit",
    "Call",
    "Evidence",
    "Finding",
    "Level",
    "Message",
    "Transcript",
    "Unread",
    "audit",
    "detect",
    "detector",
    "detectors",
    "importer",
    "importers",
    "read",
]
