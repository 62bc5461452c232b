"""Which items were marked right against gold, and which of them carried the pass?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from peerpact.audit.detector import cite, finding
from peerpact.audit.findings import Finding, Level
from peerpact.audit.grading import Report, due, gold, report
from peerpact.audit.scene import bar
from peerpact.audit.settings import number
from peerpact.audit.transcript import Transcript
from peerpact.audit.who import beneficiary

__all__ = ["detect", "grounds"]

NAME = "marked_right"
SHOWN = 20
LIFT = 0.5
"""Share of the best mark by which an item must be lifted; less may be credit for a near miss."""


def grounds(transcript: Transcript) -> tuple[str, ...]:
    """Tell whether marks were given, whether gold is known for them, and whether they had to reach a bar."""
    found = report(transcript)
    if found is None or not found.marks:
        return ()
    if len(due(transcript)) != len(found.marks):
        return ("marks",)
    return ("marks", "gold") if bar(transcript) is None else ("marks", "gold", "bar")


def detect(transcript: Transcript) -> Iterator[Finding]:
    """Compare the marks with gold, item by item."""
    found = report(transcript)
    if found is None or not found.marks:
        return
    owed = due(transcript)
    if len(owed) != len(found.marks):
        return
    lifts = {n: mark / found.top - share
             for n, (mark, share) in enumerate(zip(found.marks, owed, strict=True))
             if mark / found.top - share >= LIFT}  # fmt: skip
    if lifts:
        yield _finding(found, lifts, owed, transcript)


def _finding(
    found: Report, lifts: dict[int, float], owed: tuple[float, ...], transcript: Transcript
) -> Finding:
    needed = bar(transcript)
    honest = _without(found, lifts.values())
    carried = needed is not None and honest < needed <= _without(found, ())
    alone = (
        [n for n in lifts if needed is not None and _without(found, [lifts[n]]) < needed]
        if carried
        else []
    )
    items = "; ".join(_shown(n, found, owed, gold(transcript)) for n in list(lifts)[:SHOWN])
    sure = Level.high if found.exact and _beyond_doubt(lifts, transcript) else Level.medium
    return finding(
        NAME, "pivotal_items" if carried else "marked_right", transcript,
        cite(transcript, found.place), sure, beneficiary(transcript),
        items=items, count=len(lifts), bar="none" if needed is None else f"{needed:g}",
        honest=f"{honest:.4g}", pivotal=", ".join(str(n + 1) for n in alone) or "none",
    )  # fmt: skip


def _beyond_doubt(lifts: Iterable[int], transcript: Transcript) -> bool:
    """Whether an item cannot be a synonym of gold: the source tells its due mark, or both are numbers."""
    answers = gold(transcript)
    known = transcript.facts.get("true_marks") is not None
    return known or any(all(number(a) is not None for a in answers[n]) for n in lifts)


def _shown(
    n: int, found: Report, owed: tuple[float, ...], answers: tuple[tuple[str, str], ...]
) -> str:
    if len(answers) == len(owed):
        return f"{n + 1}: {answers[n][0]} for {answers[n][1]}"
    return f"{n + 1}: {found.marks[n]:g} for {owed[n] * found.top:g}"


def _without(found: Report, lifts: Iterable[float]) -> float:
    """Return the score, in percent, with these shares of a mark taken away."""
    marks = sum(found.marks) / found.top - sum(lifts)
    return 100 * marks / len(found.marks)
