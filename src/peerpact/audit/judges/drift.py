"""Does a judge change over time? What it gives beyond gold, beyond the other judges, or to the same response.

A judge may be milder on one day, or in one run, than on the next without changing for good. So its change from
first to last is held against the variation between stretches of time, none of which parts a run.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from peerpact.audit.judges.answers import Answer, Estimate, Untested
from peerpact.audit.judges.clustered import (
    LEAST_FREEDOM,
    between_slope,
    clustered_slope,
    within,
)
from peerpact.audit.judges.panel import Panel
from peerpact.audit.judges.table import Codes, Floats, joint
from peerpact.audit.judges.view import View

__all__ = ["QUESTION", "answers"]

QUESTION = "drift"
_LEAST = 8
_STRETCHES = 10
_ROWS = 4


def answers(view: View, panel: Panel, level: float) -> Iterator[Answer]:
    """Yield the change of a judge's scores from first to last, the work held equal."""
    role = next((r for r in ("time", "order") if r in view.table.numbers), "")
    if not role:
        yield Untested(view.judge, QUESTION, "no_column", {"role": "time"})
        return
    at = view.table.number(role)
    if np.isnan(at).all() or np.nanmax(at) == np.nanmin(at):
        yield Untested(view.judge, QUESTION, "one_moment", {"role": role})
        return
    reference, control = _reference(view, panel)
    if not control:
        yield Untested(view.judge, QUESTION, "work_not_held", {"role": role})
        return
    yield _answer(view, at, reference, control, level)


def _reference(view: View, panel: Panel) -> tuple[Floats, str]:
    gold = view.table.number("gold")
    if (~np.isnan(gold)).sum() >= _LEAST:
        return gold, "gold"
    if not panel.has_responses:
        return gold, ""
    others = panel.others(view.rows, levelled=True)
    if (~np.isnan(others)).sum() >= _LEAST:
        return others, "other_judges"
    response = joint(panel.response[view.rows])
    again = np.bincount(response)[response] > 1
    if again.sum() >= _LEAST:
        return np.where(again, 0.0, np.nan), "same_response"
    return gold, ""


def _answer(view: View, at: Floats, reference: Floats, control: str, level: float) -> Answer:
    rows = np.flatnonzero(~np.isnan(at) & ~np.isnan(reference))
    if len(rows) < _LEAST or np.ptp(at[rows]) == 0:
        return Untested(view.judge, QUESTION, "one_moment", {"role": "time"})
    held = _strata(view, rows, control)
    span = float(np.ptp(at[rows]))
    y = within(view.table.score[rows] - reference[rows], held)
    x = within((at[rows] - at[rows].min()) / span, held)
    every = np.arange(len(rows))
    found = between_slope(y, x, *_by_stretch(view, at, rows, held), every, level=level)
    few = found is None
    found = found or clustered_slope(y, x, every, level=level, absorbed=int(held.max()) + 1)
    if found is None or found.error == 0:
        return Untested(view.judge, QUESTION, "too_few", {"rows": [len(rows)]})
    return Estimate(
        view.judge,
        QUESTION,
        "change",
        "",
        found.value,
        found.low,
        found.high,
        level,
        found.test,
        control,
        "row" if few else "period",
        found.n,
        found.p,
        detectable=2.8 * found.error,
        left_out={"no_reference": len(at) - len(rows)} if len(at) > len(rows) else {},
        caveats=("few_moments",) if few else (),
        facts={"span": span},
    )


def _by_stretch(view: View, at: Floats, rows: Codes, held: Codes) -> tuple[Codes, Floats]:
    """Return the stretches of time, and what holding the strata takes out of each."""
    stretches = _stretches(view, at, rows)
    size = int(stretches.max()) + 1
    counts = np.bincount(held * size + stretches, minlength=(int(held.max()) + 1) * size)
    return stretches, counts.reshape(-1, size) / np.sqrt(np.bincount(held))[:, None]


def _strata(view: View, rows: Codes, control: str) -> Codes:
    """Hold arms equal, and the response itself where it is its own control."""
    arms = view.arms
    held = [arms.told[rows], arms.partner[rows], arms.bar_codes[rows]]
    if control == "same_response" and arms.items is not None:
        held += [arms.work[rows], arms.items[rows]]
    return joint(*held)


def _stretches(view: View, at: Floats, rows: Codes) -> Codes:
    """Return up to ten stretches of time of about as many rows each; a run is in the one in which it begins."""
    n = min(_STRETCHES, len(rows) // _ROWS)
    begins = np.searchsorted(np.sort(at[rows]), at[rows])
    runs = view.table.runs
    if runs is not None:
        run = joint(runs[rows])
        first = np.full(int(run.max()) + 1, len(rows))
        np.minimum.at(first, run, begins)
        by_run = joint(first[run] * n // len(rows))
        if int(by_run.max()) > LEAST_FREEDOM:
            return by_run
    return joint(begins * n // len(rows))
