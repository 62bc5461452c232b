"""Results as tables in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich.console import Group
from rich.table import Table
from rich.text import Text

from peerpact.report.columns import Columns
from peerpact.report.results import (
    CellEstimate,
    ContrastEstimate,
    OverallEstimate,
    Results,
    SubjectSummary,
)
from peerpact.report.wording import signed
from peerpact.statistics import Interval
from peerpact.text import counted

__all__ = ["contrast_table", "percent", "rate_table", "square_table", "subject_lines"]

COLUMNS = (
    "scenario",
    "arm",
    "outcome",
    "runs",
    "scored",
    "refused",
    "unscorable",
    "rate",
    "95 % interval",
    "over wordings",
    "shrunk",
    "worst case",
    "understood",
    "known",
    "call",
)
RATES = Columns(
    title="",
    names=COLUMNS,
    texts=frozenset({"scenario", "arm", "outcome", "call"}),
    leading=("scenario",),
    spare=(
        "over wordings",
        "shrunk",
        "outcome",
        "worst case",
        "understood",
        "known",
        "unscorable",
        "refused",
    ),
    file="cells.csv",
)
CONTRASTS = Columns(
    title="Contrasts",
    names=(
        "subject", "contrast", "scenario", "from", "to", "difference", "95 % interval", "over wordings",
        "worst case", "p", "p (Holm)", "p (BH)", "verdict",
    ),
    texts=frozenset({"subject", "contrast", "scenario", "verdict"}),
    leading=("subject", "contrast"),
    spare=("over wordings", "p (BH)", "p", "worst case"),
    file="contrasts.csv",
)  # fmt: skip
SQUARES = Columns(
    title="Over all scenarios, and differences of differences",
    names=(
        "subject", "contrast", "scenario", "from", "to", "difference", "95 % interval", "known", "p (Holm)",
        "mean size", "verdict",
    ),
    texts=frozenset({"subject", "contrast", "scenario", "from", "to", "verdict"}),
    leading=("subject", "contrast"),
    spare=("mean size", "from", "to", "known"),
    file="results.json",
)  # fmt: skip
DECIDED = {"higher", "lower"}


def percent(value: float | None) -> str:
    """Return a rate as a whole per cent, or a dash."""
    return "–" if value is None else f"{100 * value:.0f} %"


def rate_table(results: Results, subject: SubjectSummary, width: int = 160) -> Table:
    """Return one subject's rates: scenario × arm, the scenario's primary outcome.

    Args:
        results: What was found.
        subject: Whose rates.
        width: Columns of the terminal.
    """
    rows = [e for e in results.cells if e.subject == subject.name and _leads(e)]
    empty = {
        "known": not any(e.truth is not None for e in rows),
        "understood": not any(e.understood for e in rows),
        "over wordings": not any(e.over for e in rows),
        "shrunk": not any(e.shrunk for e in rows),
        "call": not any(e.call for e in rows),
    }
    none = frozenset(name for name, lacks in empty.items() if lacks)
    return replace(RATES, title=subject.name, empty=none).table([_rate_row(e) for e in rows], width)


def contrast_table(found: Sequence[ContrastEstimate], width: int = 160) -> Group:
    """Return contrasts of two arms; of several subjects only the decided ones, the others counted."""
    found = [c for c in found if c.base is None]
    several = len({c.subject for c in found}) > 1
    shown = [c for c in found if not several or c.verdict in DECIDED]
    left = Counter((c.subject, c.verdict) for c in found if c not in shown)
    lines = [
        Text(f"{subject}: {verdict} in {counted(n, 'contrast')}")
        for (subject, verdict), n in left.items()
    ]
    return Group(
        *([_contrasts(shown, width)] if shown else [Text("Contrasts", style="bold")]), *lines
    )


def _contrasts(shown: Sequence[ContrastEstimate], width: int) -> Table:
    untold = frozenset(() if any(c.over for c in shown) else ("over wordings",))
    rows = [dict(zip(CONTRASTS.names, _contrast_row(c), strict=True)) for c in shown]
    return replace(CONTRASTS, empty=untold).table(rows, width)


def square_table(results: Results, width: int = 160) -> Table | None:
    """Return differences of differences, and contrasts over all their scenarios; None where there are none.

    Of several subjects, single scenarios stand there only where they are decided.
    """
    several = len(results.subjects) > 1
    squares = [c for c in results.contrasts if c.base and (not several or c.verdict in DECIDED)]
    if not squares and not results.overall:
        return None
    rows: list[tuple[str, ...]] = []
    for subject in results.subjects:
        for o in (o for o in results.overall if o.subject == subject.name):
            whole = len(o.parts) + len(o.left_out)
            count = f"mean of {len(o.parts)}" + (f" of {whole}" if o.left_out else "")
            rows.append((o.subject, o.contrast.name, count, "", "", *_estimated(o)))
        for c in (c for c in squares if c.subject == subject.name):
            scenario = f"{c.pair.scenario} {c.pair.stratum}".strip()
            rows.append((c.subject, c.pair.contrast.name, scenario, *_added(c), *_estimated(c)))
    return SQUARES.table([dict(zip(SQUARES.names, row, strict=True)) for row in rows], width)


def _added(c: ContrastEstimate) -> tuple[str, str]:
    """Return the rates of both sides of a square, at the first level of the crossing factor and at the second."""
    levels, base = c.pair.contrast.levels, c.base
    assert levels is not None
    assert base is not None
    first, second = (
        f"{level} {percent(before.interval.value)} → {percent(after.interval.value)}"
        for level, before, after in zip(levels, base, (c.source, c.to), strict=True)
    )
    return first, second


def _estimated(c: ContrastEstimate | OverallEstimate) -> tuple[str, ...]:
    d, known = c.difference, c.known
    if d is None or d.value is None or d.low is None or d.high is None:
        return *("–",) * 5, f"too few runs: {c.reason}"
    limits = f"{100 * d.low:+.0f} – {100 * d.high:+.0f}"
    size = "–" if c.sizes is None or c.sizes.value is None else signed(c.sizes.value)
    told = "–" if known is None else f"{round(100 * known):+d}"
    return f"{round(100 * d.value):+d} points", limits, told, _p(c.adjusted_p), size, c.verdict


def subject_lines(subject: SubjectSummary) -> Iterable[str]:
    """Say of one subject what its table does not: route, endings, what it could not be shown to do."""
    yield f"{subject.name}: {subject.route}; {subject.runs} of {counted(subject.planned, 'run')}; {_cost(subject)}"
    broken = {ending: n for ending, n in subject.endings.items() if ending != "completed"}
    if broken:
        yield f"  endings: {', '.join(f'{n} {ending}' for ending, n in broken.items())}"
    if subject.incapable:
        yield (
            f"  capability not shown in: {', '.join(subject.incapable)}; "
            "rates there say nothing about motives"
        )


def _leads(e: CellEstimate) -> bool:
    return e.kind == "capability" if e.cell.capability else e.primary


def _rate_row(e: CellEstimate) -> dict[str, str]:
    low, high = percent(e.interval.low), percent(e.interval.high)
    return {
        "scenario": e.cell.scenario,
        "arm": f"{e.cell.title} {e.cell.stratum}".strip(),
        "outcome": e.outcome,
        "runs": str(e.runs),
        "scored": str(e.scored),
        "refused": str(e.refused),
        "unscorable": str(e.unscorable),
        "rate": percent(e.interval.value),
        "95 % interval": f"{low} – {high}" if e.scored else "–",
        "over wordings": _over(e.over),
        "shrunk": percent(e.shrunk.value) if e.shrunk else "",
        "worst case": _worst(e),
        "known": percent(e.truth),
        "understood": _share(e.understood),
        "call": _call(e),
    }


def _over(found: Interval | None) -> str:
    return "–" if found is None else f"{percent(found.low)} – {percent(found.high)}"


def _points(found: Interval | None) -> str:
    return "–" if found is None else f"{100 * found.low:+.0f} – {100 * found.high:+.0f}"


def _worst(e: CellEstimate) -> str:
    """Return where the rate lies whatever the runs without a score would show; nothing where all have one."""
    if e.runs == e.scored:
        return "–"
    return f"{percent(e.worst.lowest)} – {percent(e.worst.highest)}"


def _call(e: CellEstimate) -> str:
    """Return the call under a stopping rule, and whose runs it rests on where these are not its own."""
    pooled = e.watched is not None and e.watched.basis == "group"
    return e.call.replace("_", " ") + " (pool)" * (pooled and e.call != "undecided")


def _share(found: Interval | None) -> str:
    return "–" if found is None or not found.n else f"{percent(found.value)} of {found.n}"


def _contrast_row(c: ContrastEstimate) -> list[str]:
    d = c.difference
    scenario = f"{c.pair.scenario} {c.pair.stratum}".strip()
    counts = (f"{c.source.hits}/{c.source.scored}", f"{c.to.hits}/{c.to.scored}")
    name = c.pair.contrast.name
    if d is None or d.value is None or d.low is None or d.high is None:
        return [c.subject, name, scenario, *counts, *["–"] * 7, f"too few runs: {c.reason}"]
    limits = f"{100 * d.low:+.0f} – {100 * d.high:+.0f}"
    return [
        c.subject,
        name,
        scenario,
        *counts,
        f"{100 * d.value:+.0f} points",
        limits,
        _points(c.over),
        _worst_difference(c),
        _p(d.p),
        _p(c.adjusted_p),
        _p(c.screened_p),
        c.verdict,
    ]


def _worst_difference(c: ContrastEstimate) -> str:
    if c.worst is None or (c.source.runs == c.source.scored and c.to.runs == c.to.scored):
        return "–"
    return f"{100 * c.worst[0]:+.0f} – {100 * c.worst[1]:+.0f}"


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _cost(subject: SubjectSummary) -> str:
    told, judging = _used(subject.tokens, subject.cost), subject.judging
    if judging is None:
        return told
    judge = f"the judge ({counted(judging.asked, 'run')}, {', '.join(judging.judges)})"
    return f"{told}; of these {judge}: {_used(judging.tokens, judging.cost)}"


def _used(tokens: int, cost: float | None) -> str:
    return f"{counted(tokens, 'token')}, {'price unknown' if cost is None else f'${cost:,.2f}'}"
