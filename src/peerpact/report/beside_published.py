"""The picture that puts a study's models beside the published numbers, behaviour by behaviour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from peerpact.report.claims import organism
from peerpact.report.compare import Comparison, PublishedNumber, compare, load_published
from peerpact.report.drawing import draw
from peerpact.report.figure import DRAWN, Figure, Row, figure, joined
from peerpact.report.results import Results
from peerpact.report.situations import order, series_label
from peerpact.report.wording import percent, say

__all__ = ["published_figure"]

NAME = "published"


def published_figure(results: Results) -> Figure:
    """Return one panel a behaviour: models down, rate or difference across, published numbers as ticks.

    Organisms are left out; nobody published a number of theirs.
    """
    models = [s.name for s in results.subjects if not organism(s)]
    groups = _by_behaviour(results, models)
    tables = {name: [row for c in found for row in _rows(c)] for name, found in groups.items()}
    rows = [row for table in tables.values() for row in table]
    names = sorted({row["series"] for row in rows}, key=order)
    panels = []
    for behaviour, table in tables.items():
        shown = [row for row in table if row["subject"] in models[:DRAWN]]
        if any(row["source"] for row in shown):
            title = say(
                f"published/{load_published().behaviours[behaviour].unit}",
                what=_plain(behaviour).capitalize(),
            )
            alt = joined(say(f"figures/{NAME}/title"), title, [_alt(row) for row in shown])
            panels.append(draw("published", title, shown, alt, names))
    return figure(NAME, results, panels, rows)


def _by_behaviour(results: Results, models: Sequence[str]) -> dict[str, list[Comparison]]:
    groups: dict[str, list[Comparison]] = defaultdict(list)
    for c in compare(results):
        if c.subject in models:
            groups[c.behaviour].append(c)
    return groups


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _rows(c: Comparison) -> Iterator[Row]:
    """Yield what was measured here, then each published number."""
    named = {
        "behaviour": _plain(c.behaviour),
        "subject": c.subject,
        "series": series_label(c.whose, c.past),
    }
    ours = c.ours
    yield {
        **named, "rate": ours.value, "low": ours.low if ours.value is not None else None,
        "high": ours.high if ours.value is not None else None, "study_metric": c.theirs.average,
        "model": c.subject, "same": True, "source": "", "note": ours.reason,
    }  # fmt: skip
    for number in c.published:
        yield {**named, **_number(number), "same": c.same_model}


def _number(n: PublishedNumber) -> Row:
    """Return a published number as a share: the mean over ways of telling the past, else the largest."""
    value, key = (n.value, "largest") if n.average is None else (n.average, "mean")
    return {
        "rate": value / 100, "low": None, "high": None, "study_metric": None, "model": n.model,
        "source": say("published/source", source=n.source, version=n.version),
        "note": n.note or say(f"published/{key}"),
    }  # fmt: skip


def _alt(row: Row) -> str:
    facts = {"subject": row["model"], "series": row["series"], "rate": percent(row["rate"])}
    if row["source"]:
        return say("alt/published", **facts, source=row["source"])
    return say("alt/compared", **facts, low=percent(row["low"]), high=percent(row["high"]))
