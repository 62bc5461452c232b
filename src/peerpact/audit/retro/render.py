"""A retro-audit as plain text, CSV or JSON; what the rows said is stripped of control characters."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from io import StringIO
from typing import Any

import orjson

from peerpact import __version__
from peerpact.audit.findings import plain
from peerpact.audit.retro.checks import Untested, Weakness
from peerpact.audit.retro.run import ArmRate, Retro, severity, texts
from peerpact.text import render

__all__ = [
    "FORMATS",
    "as_csv",
    "as_json",
    "as_table",
    "because",
    "sentence",
    "shown_rate",
    "shown_worst",
]


def _text(name: str, **facts: Any) -> str:
    return render(texts()[name], facts, where="texts.yaml")


def sentence(one: Weakness) -> str:
    """Return what a weakness says, in one safe line."""
    facts: dict[str, Any] = {name: plain(str(value), 200) for name, value in one.facts.items()}
    facts |= {
        "agent": plain(one.agent, 80),
        "setting": plain(one.setting, 80),
        "count": one.count,
        "where": f" in {plain(one.setting, 80)}" if one.setting else "",
    }
    return plain(render(texts()["checks"][one.check]["sentence"], facts, where="texts.yaml"), 800)


def as_json(done: Retro) -> str:
    """Return the retro-audit as one JSON document."""
    document = {
        "peerpact": __version__,
        "rows": done.rows,
        "agents": [plain(agent) for agent in done.agents],
        "settings": [plain(setting) for setting in done.settings],
        "not_read": dict(done.unread),
        "rates": [asdict(one) for one in done.rates],
        "weaknesses": [_weakness(one) for one in done.weaknesses],
        "not_tested": [{**asdict(one), "because": because(one)} for one in done.untested],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def _weakness(one: Weakness) -> dict[str, Any]:
    spec = texts()["checks"][one.check]
    return {
        **asdict(one),
        "facts": dict(one.facts),
        "severity": severity(one.check).name,
        "title": spec["title"],
        "says": sentence(one),
        "advice": spec["advice"],
        "examples": [plain(text) for text in one.examples],
    }


def because(one: Untested) -> str:
    """Return why a check could not be made."""
    return str(texts()["reasons"][one.reason])


def as_csv(done: Retro) -> str:
    """Return the rates as one table."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(texts()["columns"])
    for one in done.rates:
        names = (plain(one.agent), plain(one.setting), plain(one.arm, 1000), one.outcome)
        found, worst = one.interval, one.worst
        limits = (found.value, found.low, found.high, worst.low, worst.high)
        writer.writerow([*names, one.runs, one.scored, one.hits, *limits])
    return out.getvalue().rstrip("\n")


def as_table(done: Retro) -> str:
    """Return the retro-audit as plain text."""
    return "\n".join(_lines(done))


def _lines(done: Retro) -> Iterator[str]:
    yield _text(
        "heading", rows=done.rows, agents=len(done.agents), settings=len(done.settings),
        weaknesses=len(done.weaknesses),
    )  # fmt: skip
    if done.unread:
        yield _text("unread", unread=_listed(done.unread))
    yield f"\n{_text('weaknesses')}" if done.weaknesses else f"\n{_text('sound')}"
    for one in done.weaknesses:
        yield f"  [{severity(one.check).name}] {sentence(one)}"
        yield from (f"      {_text('example')} {plain(text)}" for text in one.examples)
        yield f"      {_text('advice')}: {texts()['checks'][one.check]['advice']}"
    if done.untested:
        yield f"\n{_text('untested')}"
        yield from (f"  {_untested(one)}" for one in done.untested)
    yield f"\n{_text('rates')}"
    shown = done.rates[: int(texts()["listed"])]
    yield from (f"  {_rate(one)}" for one in shown)
    if len(done.rates) > len(shown):
        yield f"  {_text('more', count=len(done.rates) - len(shown))}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {plain(name, 60)}" for name, count in counts.items())


def _untested(one: Untested) -> str:
    where = f" in {plain(one.setting, 80)}" if one.setting else ""
    title = texts()["checks"][one.check]["title"]
    return _text("untested_line", title=title, setting=where, reason=because(one))


def _rate(one: ArmRate) -> str:
    return _text(
        "rate_line", agent=plain(one.agent, 80), setting=plain(one.setting, 80), arm=plain(one.arm, 160),
        outcome=one.outcome, rate=shown_rate(one), hits=one.hits, scored=one.scored, runs=one.runs,
        lost=_text("lost", reasons=_listed(one.reasons)) if one.reasons else "",
        worst=shown_worst(one),
    )  # fmt: skip


def shown_rate(one: ArmRate) -> str:
    """Return a rate with its interval, in percent."""
    found = one.interval
    if found.value is None:
        return _text("no_rate")
    return f"{_percent(found.value)} ({_percent(found.low)} to {_percent(found.high)})"


def shown_worst(one: ArmRate) -> str:
    """Return the worst case of a rate, in percent."""
    return f"{_percent(one.worst.low)} to {_percent(one.worst.high)}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


FORMATS: Mapping[str, Callable[[Retro], str]] = {
    "table": as_table,
    "json": as_json,
    "csv": as_csv,
}
