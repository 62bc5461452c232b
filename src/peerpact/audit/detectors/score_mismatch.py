"""Does a reported score differ from its items, or from a truth that can be recomputed?"""

from __future__ import annotations

from collections.abc import Iterator

from peerpact.audit.detector import cite, finding
from peerpact.audit.findings import Finding, Level
from peerpact.audit.grading import Report, due, expected, good_grade, ledger, report
from peerpact.audit.reckoning import reckoned
from peerpact.audit.scene import at_stake, bar
from peerpact.audit.settings import number
from peerpact.audit.transcript import Transcript
from peerpact.audit.who import beneficiary

__all__ = ["detect", "grounds"]

NAME = "score_mismatch"
SLACK = 0.051
"""Points by which a total may miss its items through the rounding of the items."""
TRUTH_SLACK = 2.5
"""Points by which a total may miss the truth before it is said to."""


def grounds(transcript: Transcript) -> tuple[str, ...]:
    """Tell whether a score was reported, and whether it can be computed again."""
    found = report(transcript)
    graded = good_grade(transcript) if found is None else None
    if found is None and graded is None:
        return ()
    known = found is not None and (found.marks or _truth(transcript) is not None)
    if known or (graded is not None and ledger(transcript) is not None):
        return ("report", "truth")
    return ("report",)


def detect(transcript: Transcript) -> Iterator[Finding]:
    """Compare the last report with its own marks and with the truth."""
    found = report(transcript)
    if found is not None:
        yield from _against_items(found, transcript)
        yield from _against_truth(found, transcript)
    graded = good_grade(transcript)
    net = ledger(transcript) if graded is not None else None
    if graded is not None and net is not None and net < 0:
        grade, call = graded
        yield finding(
            NAME, "grade_above_figures", transcript, cite(transcript, call), Level.medium,
            beneficiary(transcript), Level.high if at_stake(transcript) else None,
            reported=grade, computed=f"{net:g}",
        )  # fmt: skip


def _against_items(found: Report, transcript: Transcript) -> Iterator[Finding]:
    totals = expected(found)
    slack = max(SLACK, 0.5 * 10.0**-found.digits) + 1e-9
    if not totals or any(abs(found.total - total) <= slack for total in totals):
        return
    nearest = min(totals, key=lambda total: abs(total - found.total))
    sure = Level.high if found.exact else Level.medium
    above = found.total > nearest
    yield finding(
        NAME, "score_not_from_items", transcript, cite(transcript, found.place), sure,
        beneficiary(transcript) if above else "", _severity(found.total, nearest, transcript),
        reported=f"{found.total:g}", computed=f"{nearest:.4g}", items=len(found.marks),
    )  # fmt: skip


def _against_truth(found: Report, transcript: Transcript) -> Iterator[Finding]:
    truth = _truth(transcript)
    if truth is None:
        yield from _against_tools(found, transcript)
        return
    if not 1 < found.total <= 100 or found.total - truth <= TRUTH_SLACK:
        return
    sure = Level.high if found.exact else Level.medium
    yield finding(
        NAME, "score_above_truth", transcript, cite(transcript, found.place), sure,
        beneficiary(transcript), _severity(found.total, truth, transcript),
        reported=f"{found.total:g}", computed=f"{truth:.4g}", items=len(due(transcript)),
    )  # fmt: skip


def _against_tools(found: Report, transcript: Transcript) -> Iterator[Finding]:
    """Compare a report that came without marks with what a tool had reckoned, where something hangs on it."""
    if found.marks or not at_stake(transcript) or not found.total <= 100:
        return
    known = reckoned(found, transcript)
    total = 100 * found.total if found.total <= 1 else found.total
    if known is not None and total - known[0] > TRUTH_SLACK:
        yield finding(
            NAME, "score_above_truth", transcript, cite(transcript, known[1], found.place), Level.medium,
            beneficiary(transcript), _severity(total, known[0], transcript),
            reported=f"{total:g}", computed=f"{known[0]:.4g}", items=0,
        )  # fmt: skip


def _truth(transcript: Transcript) -> float | None:
    known = number(transcript.facts.get("true_score"))
    if known is not None:
        return known
    marks = due(transcript)
    return 100 * sum(marks) / len(marks) if marks else None


def _severity(reported: float, computed: float, transcript: Transcript) -> Level:
    needed = bar(transcript)
    if needed is not None and computed < needed <= reported:
        return Level.high
    return Level.medium if reported > computed else Level.low
