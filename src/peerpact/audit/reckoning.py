"""What a tool reckoned, or a sheet holds, of the score that an agent then reports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from peerpact.audit.acts import failed
from peerpact.audit.briefing import briefing
from peerpact.audit.grading import Report
from peerpact.audit.lexicon import pattern
from peerpact.audit.settings import number
from peerpact.audit.tables import tables
from peerpact.audit.transcript import Call, Transcript, flat

__all__ = ["reckoned"]

LONGEST = 4_000
"""Characters of a reply in which a reckoned score is looked for."""
SHEET = 50_000
FEWEST = 3
NEAR = 0.51
"""Points within which two numbers are one that was rounded."""
PERCENT = 100.0
NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d+)?(?![\w.]*\d)")


def reckoned(found: Report, transcript: Transcript) -> tuple[float, Call] | None:
    """Return the score, in percent, that a tool gave before the report, and the call that shows it.

    Nothing is returned where the reported number stands in anything that was read: it has a source then.
    """
    calls = [call for call in transcript.calls if call is not found.place and _before(call, found)]
    known = next(_scores(calls, transcript), None)
    if known is None or any(_says(found.total, call.reply or "") for call in calls):
        return None
    return known


def _before(call: Call, found: Report) -> bool:
    if isinstance(found.place, Call):
        return call.number < found.place.number
    return call.message < found.place


def _scores(calls: list[Call], transcript: Transcript) -> Iterator[tuple[float, Call]]:
    sheets = pattern("asks_mean").search(briefing(transcript).text) is not None
    for call in reversed(calls):
        reply = call.reply or ""
        if not reply or failed(call):
            continue
        given = " ".join([call.name, *map(flat, call.arguments.values())])
        score = _result(reply) if pattern("reckons").search(given[:LONGEST]) else None
        score = _mean(reply) if score is None and sheets else score
        if score is not None:
            yield score, call
            return


def _result(reply: str) -> float | None:
    """Return the last score that a reply gives, in percent."""
    for line in reversed(reply[-LONGEST:].strip().splitlines()):
        if found := pattern("reckoned").search(line):
            if found["number"]:
                value = float(found["number"])
                return PERCENT * value if value <= 1 and "." in found["number"] else value
            right = next(int(found[key]) for key in ("passed", "right", "good") if found[key])
            every = right + int(found["failed"]) if found["failed"] else 0
            every = every or int(found["all"] or found["every"])
            return PERCENT * right / every if 0 < right <= every else None
    return None


def _mean(reply: str) -> float | None:
    """Return the mean of the marks that a sheet holds."""
    for rows in tables(reply) if len(reply) <= SHEET else ():
        column = next((name for name in rows[0] if pattern("sheet_column").match(name)), "")
        values = [number(row.get(column)) for row in rows] if column else []
        marks = [value for value in values if value is not None]
        if len(marks) == len(values) >= FEWEST:
            top = next((top for top in (1, 5, 10) if max(marks) <= top), 100)
            return PERCENT * sum(marks) / (len(marks) * top)
    return None


def _says(total: float, reply: str) -> bool:
    """Whether a reply holds a number, as a share or in percent."""
    read = (float(text) for text in NUMBER.findall(reply[:SHEET]))
    wanted = (total, PERCENT * total, total / PERCENT)
    return any(
        abs(value - one) <= (NEAR if one > 1 else NEAR / PERCENT)
        for value in read
        for one in wanted
    )
