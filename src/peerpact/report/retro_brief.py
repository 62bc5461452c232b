"""A retro-audit as a brief."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peerpact.audit.findings import Level, plain
from peerpact.audit.retro import ArmRate, Retro, Weakness
from peerpact.audit.retro.render import because, sentence, shown_rate, shown_worst
from peerpact.audit.retro.run import severity, texts
from peerpact.report.brief import Action, Brief, Entry, Group, tell, wording

__all__ = ["retro_brief"]

LISTED = 200
"""Rates that the page lists."""


def retro_brief(done: Retro, paths: Sequence[str]) -> Brief:
    """Return the brief of a retro-audit.

    Args:
        done: What was recomputed and found.
        paths: What was read.
    """
    return Brief(
        title=tell("retro/title"),
        question=tell("retro/question", paths=plain(", ".join(paths), 200)),
        lead=_lead(done),
        alarm=bool(done.weaknesses),
        facts=_facts(done),
        limits=wording("retro/limits"),
        actions=tuple(_actions(done)),
        groups=tuple(_group(found) for found in _by_check(done)),
        nothing=tell("retro/nothing"),
        sure=(tell("retro/sure"),),
        columns=wording("retro/columns"),
        rows=[_rate(one) for one in done.rates[:LISTED]],
        untested=tuple(_untested(done)),
        audited=tuple(_audited(done)),
    )


def _severe(done: Retro) -> int:
    return sum(severity(one.check) is Level.high for one in done.weaknesses)


def _lead(done: Retro) -> str:
    facts = {"weaknesses": len(done.weaknesses), "high": _severe(done), "rows": f"{done.rows:,}"}
    return tell("retro/lead_found" if done.weaknesses else "retro/lead_none", **facts)


def _facts(done: Retro) -> tuple[tuple[str, str], ...]:
    numbers = {
        "rows": done.rows,
        "agents": len(done.agents),
        "settings": len(done.settings),
        "rates": len(done.rates),
        "weaknesses": len(done.weaknesses),
        "high": _severe(done),
    }
    names = wording("retro/facts")
    return tuple((names[key], f"{number:,}") for key, number in numbers.items())


def _by_check(done: Retro) -> list[list[Weakness]]:
    groups: dict[str, list[Weakness]] = {}
    for one in done.weaknesses:
        groups.setdefault(one.check, []).append(one)
    return list(groups.values())


def _actions(done: Retro) -> Iterator[Action]:
    for found in _by_check(done):
        spec = texts()["checks"][found[0].check]
        reason = tell("retro/action_because", n=len(found), title=spec["title"])
        yield Action(spec["severity"], spec["advice"], reason)
    yield from (Action(**entry) for entry in wording("retro/always"))


def _group(found: Sequence[Weakness]) -> Group:
    spec = texts()["checks"][found[0].check]
    entries = tuple(Entry(sentence(one), "\n".join(map(plain, one.examples))) for one in found)
    return Group(spec["title"], spec["severity"], tell("retro/count", n=len(found)), "", entries)


def _rate(one: ArmRate) -> tuple[str, ...]:
    names = (plain(one.agent, 80), plain(one.setting, 80), plain(one.arm, 160), one.outcome)
    return *names, f"{one.hits} / {one.scored}", shown_rate(one), shown_worst(one)


def _untested(done: Retro) -> Iterator[Entry]:
    told = [
        Entry(tell("retro/untested", title=texts()["checks"][one.check]["title"], because=because(one)),
              plain(one.setting, 80))
        for one in done.untested
    ]  # fmt: skip
    left = [
        Entry(tell("retro/unread", n=n, reason=plain(reason, 80)))
        for reason, n in done.unread.items()
    ]
    yield from told + left or [Entry(tell("retro/all_tested"))]


def _audited(done: Retro) -> Iterator[str]:
    lists = {"agents": done.agents, "settings": done.settings}
    facts = {name: plain(", ".join(found), 1500) for name, found in lists.items()}
    for n in range(len(wording("retro/audited"))):
        yield tell(f"retro/audited/{n}", **facts)
    if len(done.rates) > LISTED:
        yield tell("retro/more", n=len(done.rates) - LISTED)
