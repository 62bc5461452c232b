"""The weaknesses that a retro-audit looks for, one function each; what cannot be tested is said, with why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from peerpact.audit.retro.arms import Arm, Tied, arm_name, confounds, neighbours
from peerpact.audit.retro.held import EXAMPLES, Held, Tally
from peerpact.audit.transcript import NOTHING
from peerpact.statistics import Difference, difference, holm, rate

__all__ = ["CHECKS", "Untested", "Weakness"]

LEVEL = 0.05
FEWEST = 5
"""Scores on each side below which a bar is not called dead."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """One thing that weakens what the study can say."""

    check: str
    agent: str
    """Empty where it holds for all."""
    setting: str
    count: int
    """Runs, rows or pairs of arms that it touches."""
    facts: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """What the check's sentence fills in."""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Untested:
    """One check that could not be made."""

    check: str
    reason: str
    """A name in ``texts.yaml``."""
    setting: str = ""


Found = Iterator[Weakness | Untested]


def confounded_arms(held: Held) -> Found:
    """Find columns that never change alone."""
    for setting, tallies in held.settings():
        arms = list(dict.fromkeys(p.arm for p, tally in tallies.items() if not tally.control))
        if len(arms) < 2:
            yield Untested("confounded_arms", "one_arm", setting)
            continue
        by_columns: dict[tuple[str, ...], list[str]] = {}
        for one in confounds(arms):
            shown = f"{one.column} {one.one} / {one.other}"
            by_columns.setdefault(tuple(sorted(one.nearest.columns)), []).append(shown)
        for names, pairs in sorted(by_columns.items()):
            facts = {"columns": ", ".join(names)}
            yield Weakness(
                "confounded_arms", "", setting, len(pairs), facts, tuple(pairs[:EXAMPLES])
            )


def dead_bars(held: Held) -> Found:
    """Find bars that all runs of an agent reach in each of two arms, or that no run of any agent reaches."""
    reached = _reached(held)
    for agent, setting, arms in held.groups():
        bars = sorted({bar for tally in arms.values() for bar in tally.bars})
        scored = {a: t for a, t in arms.items() if len(t.scores) >= FEWEST and not t.control}
        if bars and len(scored) < 2:
            yield Untested("dead_bars", "few_scores", setting)
        for bar in bars if len(scored) > 1 else ():
            met = {arm: t for arm, t in scored.items() if not t.bars or bar in t.bars}
            shares = {sum(score >= bar for score in t.scores) / len(t.scores) for t in met.values()}
            dead = shares == {1.0} or (shares == {0.0} and reached[setting] < bar)
            if len(met) > 1 and dead:
                yield _dead(agent, setting, bar, met)


def _reached(held: Held) -> Mapping[str, float]:
    """Return the highest score of each setting, whosever: a bar below it can be reached."""
    return {
        setting: max((score for t in tallies.values() for score in t.scores), default=0.0)
        for setting, tallies in held.settings()
    }


def _dead(agent: str, setting: str, bar: float, met: Mapping[Arm, Tally]) -> Weakness:
    scores = sorted(score for tally in met.values() for score in tally.scores)
    passed = sum(score >= bar for score in scores)
    found = rate(passed, len(scores))
    facts = {
        "bar": f"{bar:g}",
        "passed": passed,
        "runs": len(scores),
        "arms": len(met),
        "lowest": f"{scores[0]:g}",
        "highest": f"{scores[-1]:g}",
        "low": f"{found.low:.3f}",
        "high": f"{found.high:.3f}",
    }
    return Weakness("dead_bars", agent, setting, len(scores), facts)


def differing_dropout(held: Held) -> Found:
    """Find pairs of arms of which one loses more runs, or values; Holm's correction over all of the study."""
    compared = [
        (agent, setting, pair, arms, outcomes, difference(*counts))
        for agent, setting, arms in held.groups()
        for pair in neighbours(list(arms))
        for counts, outcomes in _lost(arms[pair.one], arms[pair.other]).items()
    ]
    if not compared:
        yield Untested("differing_dropout", "one_arm")
        return
    adjusted = holm([found.p if found.p is not None else 1.0 for *_, found in compared]).adjusted
    for (agent, setting, pair, arms, outcomes, found), p in zip(compared, adjusted, strict=True):
        if p is not None and p < LEVEL:
            check = "differing_values" if outcomes else "differing_dropout"
            facts = {**_dropout(pair, list(arms), found, p), "outcomes": ", ".join(outcomes)}
            yield Weakness(check, agent, setting, found.x1 + found.x0, facts)


def _lost(one: Tally, other: Tally) -> Mapping[tuple[int, int, int, int], list[str]]:
    """Return lost and all runs of two arms, and for other counts of values the outcomes that lack them."""
    whole = (sum(one.dropped.values()), one.runs, sum(other.dropped.values()), other.runs)
    found: dict[tuple[int, int, int, int], list[str]] = {whole: []}
    for outcome in sorted({*one.outcomes} & {*other.outcomes}):
        counts = (*one.without(outcome), *other.without(outcome))
        if counts != whole:
            found.setdefault(counts, []).append(outcome)
    return found


def _dropout(pair: Tied, arms: list[Arm], found: Difference, p: float) -> Mapping[str, Any]:
    return {"one": arm_name(pair.one, arms), "other": arm_name(pair.other, arms),
            "one_lost": f"{found.x1} of {found.n1}", "other_lost": f"{found.x0} of {found.n0}",
            "low": f"{100 * found.low:.0f}", "high": f"{100 * found.high:.0f}", "p": f"{p:.2g}",
            "test": found.test}  # fmt: skip


def mixed_origin(held: Held) -> Found:
    """Find agents whose runs in one setting came from more than one place, version or setting of the model."""
    told = False
    for agent, setting, arms in held.groups():
        values: dict[str, dict[str, set[Arm]]] = {}
        for arm, tally in arms.items():
            for name, value in tally.origins:
                values.setdefault(name, {}).setdefault(value, set()).add(arm)
        told |= bool(values)
        for name, by_value in values.items():
            if len(by_value) > 1:
                yield _mixed(agent, setting, name, by_value, arms)
            yield from _unnamed(agent, setting, name, by_value, arms)
    yield from _routes(held)
    if not told:
        yield Untested("mixed_origin", "no_origin")


def _mixed(
    agent: str, setting: str, name: str, by_value: Mapping[str, set[Arm]], arms: Mapping[Arm, Tally]
) -> Weakness:
    sides = list(by_value.values())
    apart = len(arms) > 1 and not set.intersection(*sides)
    counts = {value: sum(t.origins[(name, value)] for t in arms.values()) for value in by_value}
    facts = {
        "column": name,
        "values": ", ".join(f"{v} ({n})" for v, n in counts.items()),
        "apart": apart,
    }
    check = "origin_follows_arms" if apart else "mixed_origin"
    return Weakness(check, agent, setting, sum(counts.values()), facts)


def _unnamed(
    agent: str, setting: str, name: str, values: Iterable[str], arms: Mapping[Arm, Tally]
) -> Found:
    """Find a column that some runs leave empty: nobody knows where they came from."""
    runs, named = sum(t.kept for t in arms.values()), sum(t.named[name] for t in arms.values())
    if 0 < named < runs:
        facts = {"column": name, "values": ", ".join(values), "named": named, "runs": runs}
        yield Weakness("unnamed_origin", agent, setting, runs - named, facts)


def _routes(held: Held) -> Found:
    """Find one model that is listed under several providers."""
    names: dict[str, set[str]] = {}
    for place in held.tallies:
        names.setdefault(place.agent.rsplit("/", 1)[-1].partition("@")[0].lower(), set()).add(
            place.agent
        )
    for model, routes in sorted(names.items()):
        if len(routes) > 1:
            count = sum(t.runs for p, t in held.tallies.items() if p.agent in routes)
            facts = {"column": "provider", "values": ", ".join(sorted(routes)), "apart": False}
            yield Weakness("mixed_origin", model, "", count, facts)


def duplicates(held: Held) -> Found:
    """Find rows that are there twice, and transcripts that equal another."""
    twice = {id: n for id, n in held.ids.items() if n > 1}
    if twice:
        facts = {"ids": len(twice)}
        extra = sum(twice.values()) - len(twice)
        yield Weakness("repeated_rows", "", "", extra, facts, tuple(sorted(twice)[:EXAMPLES]))
    copies: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    for place, tally in held.tallies.items():
        copies[place.agent] += tally.copies
        runs[place.agent] += tally.runs
    for agent, count in sorted((+copies).items()):
        facts = {"runs": runs[agent], "distinct": runs[agent] - count}
        yield Weakness("duplicate_transcripts", agent, "", count, facts)
    for (one, other), count in held.strays.items():
        both, agents = [one.arm, other.arm], [one.agent, other.agent]
        named = [arm_name(arm, both) for arm in both]
        if one.agent != other.agent:
            named = [f"{agent} ({name})" for agent, name in zip(agents, named, strict=True)]
        shown = {"one": named[0], "other": named[1]}
        yield Weakness("shared_transcripts", other.agent, other.setting, count, shown)
    if not held.judged:
        yield Untested("duplicate_transcripts", "no_transcripts")


def contradictions(held: Held) -> Found:
    """Report labels that state, arithmetic or the transcript contradicts."""
    for key, count in sorted(held.conflicts.items()):
        check, setting, label = key
        facts = {"label": label, "judged": held.rows}
        yield Weakness(check, "", setting, count, facts, tuple(held.examples[key]))
    if not held.judged:
        yield Untested("label_contradicted", "no_transcripts")


CHECKS: tuple[Callable[[Held], Found], ...] = (
    confounded_arms, dead_bars, differing_dropout, mixed_origin, duplicates, contradictions,
)  # fmt: skip
