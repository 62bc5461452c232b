"""What a stopping rule did, in words: why a cell ended, what was spared, what is undecided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from peerpact.design.stopped import Watched
from peerpact.report.wording import percent, say

__all__ = ["ended", "spared", "stopping_notes"]

Made = Mapping[tuple[str, str], int]
"""(subject, cell) → runs."""


def ended(watched: Watched, runs: int) -> str:
    """Say why a cell has the runs that it has."""
    if not watched.answered:
        return say("stopping/all_made" if runs >= watched.planned else "stopping/open")
    by_own = "broken" if watched.broken else "by_own"
    key = "by_pool" if watched.basis == "group" else by_own
    return say(f"stopping/{key}", pool=watched.pool, question=say(f"stopping/{watched.question}"))


def spared(watched: Sequence[Watched], made: Made) -> int:
    """Return the planned runs that were not needed."""
    return sum(
        max(0, one.planned - made.get((one.subject, one.cell), 0))
        for one in watched
        if one.answered
    )


def stopping_notes(watched: Sequence[Watched], made: Made) -> Iterator[str]:
    """Say of each subject what the rule spared and called, and of its pools what their audits found."""
    for subject in dict.fromkeys(one.subject for one in watched):
        own = [one for one in watched if one.subject == subject]
        calls = Counter(one.call for one in own)
        yield say(
            "stopping/note",
            subject=subject,
            question=say(f"stopping/{own[0].question}"),
            spared=spared(own, made),
            cells=len(own),
            elevated=calls["elevated"],
            not_elevated=calls["not_elevated"],
            undecided=calls["undecided"],
            line=percent(own[0].line),
            raised=percent(own[0].line + own[0].margin),
        )
        pooled = [one for one in own if one.pool > 1]
        if pooled:
            audited, broken = (
                sum(getattr(o, name) for o in pooled) for name in ("audited", "broken")
            )
            yield say(
                "stopping/pooled",
                subject=subject,
                cells=len(pooled),
                audited=audited,
                broken=broken,
            )
