"""A re-judgment in sentences, as JSON, and as rows that an audit of judges reads again."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from typing import Any

import orjson

from peerpact.audit.findings import Level, plain
from peerpact.audit.judges import Answer, Estimate, Untested
from peerpact.audit.judges.render import cell, number
from peerpact.audit.judges.signflip import LEAST_PAIRS
from peerpact.audit.rejudge.effects import EFFECT, FEW_PAIRS, Judged, Rejudged
from peerpact.audit.rejudge.plan import Plan
from peerpact.text import read_yaml, render

__all__ = [
    "action",
    "arms_line",
    "cost_line",
    "lost_lines",
    "plan_lines",
    "quantity",
    "reservations",
    "sentence",
    "summary",
    "to_csv",
    "to_json",
    "to_rows",
    "unmeasured_lines",
    "worst",
]


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, Any]:
    texts: Mapping[str, Any] = read_yaml(files(__package__) / "texts.yaml")
    return texts


@lru_cache(maxsize=1)
def _actions() -> Mapping[str, Mapping[str, str]]:
    texts: Mapping[str, Any] = read_yaml(files(__package__) / "actions.yaml")
    return texts


def action(change: str) -> Mapping[str, str]:
    """Return what to do about an effect of a change, and how severe it is."""
    return _actions().get(change, _actions()["other"])


def worst(found: Rejudged) -> Level | None:
    """Return the severity of what stands."""
    return Level[action(found.plan.setting.change.name)["severity"]] if found.findings else None


def _say(text: str, /, **facts: Any) -> str:
    return render(_texts()[text], facts, f"texts.yaml:{text}")


def _arms(plan: Plan) -> dict[str, str]:
    change = plan.setting.change
    arms = dict(zip(("control", "treated"), change.arms, strict=True))
    says = {f"{side}_says": change.factor.levels[arm].says for side, arm in arms.items()}
    return {**arms, **says}


def plan_lines(plan: Plan, rows_left_out: Mapping[str, int]) -> list[str]:
    """Return what a plan will do, before a model is asked."""
    asked = list(plan.asked.values())
    calls, items = sum(map(len, asked)), len(plan.items)
    change = plan.setting.change
    lines = [
        _say("planned_head", items=items, judges=len(asked), title=change.factor.title),
        arms_line(plan),
    ]
    each = calls // max(1, 2 * items * len(asked))
    lines.append(_say("planned", calls=calls, items=items, replicates=each, judges=len(asked)))
    lines += reservations(plan, rows_left_out)
    proof = plan.proof
    before, after = proof.words
    lines.append(_say("proof", items=items, slot=proof.slot, before=before, after=after))
    return [*lines, *("  " + plain(line, 300) for line in proof.differing)]


def arms_line(plan: Plan) -> str:
    """Return what is compared with what."""
    return _say("arms", **_arms(plan))


def quantity(name: str) -> str:
    """Return what a quantity is called."""
    return str(_texts()["quantities"][name]["title"])


def reservations(plan: Plan, rows_left_out: Mapping[str, int]) -> Iterator[str]:
    """Yield what of the work was changed, and what was left out."""
    if plan.replaced:
        most = sorted(plan.replaced.items(), key=lambda entry: (-entry[1], entry[0]))[:12]
        names = ", ".join(_say("name", name=plain(name, 60), n=n) for name, n in most)
        yield _say("replaced", touched=plan.touched, names=names)
    for text, lost in (("left_out", plan.left_out), ("row_left_out", rows_left_out)):
        if lost:
            words = _texts()["lost"]
            yield _say(text, reasons=", ".join(f"{n} × {words.get(r, r)}" for r, n in lost.items()))


def summary(found: Rejudged, rows_left_out: Mapping[str, int]) -> list[str]:
    """Return a re-judgment in sentences: what was asked, what is missing, what was found."""
    plan = found.plan
    title = plan.setting.change.factor.title
    lines = [
        _say("head", items=len(plan.items), judges=len(plan.asked), title=title),
        arms_line(plan),
        *reservations(plan, rows_left_out),
        *(_coverage(found, judge) for judge in found.outcomes),
    ]
    lines.append(cost_line(found))
    method = {"method": _texts()["methods"][found.multiplicity], "alpha": found.alpha}
    n = len(found.findings)
    lines += list(unmeasured_lines(found))
    if n or _any_measured(found):
        lines.append(_say("findings" if n else "no_findings", n=n, **method))
    lines += ["", *("- " + sentence(answer, plan) for answer in found.answers)]
    return [*lines, _texts()["mind"]]


def cost_line(found: Rejudged) -> str:
    """Return what the re-judgment cost."""
    cost = _texts()["cost_unknown"] if found.cost is None else f"${found.cost:,.2f}"
    return _say("cost", cost=cost)


def _any_measured(found: Rejudged) -> bool:
    """Whether anything is known of the effect in any judge."""
    few = [a for a in found.answers if isinstance(a, Untested) and a.reason == FEW_PAIRS]
    return sum(a.quantity == EFFECT for a in few) < len(found.outcomes)


def unmeasured_lines(found: Rejudged) -> Iterator[str]:
    """Yield of which judges no effect could be measured, and whether answers or items are to blame."""
    planned = len(found.plan.items)
    if planned < LEAST_PAIRS:
        yield _say("few_items", items=planned, needed=LEAST_PAIRS)
    if found.unmeasured:
        every = len(found.unmeasured) == len(found.outcomes)
        judges = ", ".join(plain(judge, 80) for judge in found.unmeasured)
        yield _say("nothing_measured" if every else "part_measured", judges=judges)


def lost_lines(found: Rejudged, judge: str) -> list[str]:
    """Return how many judgments of a judge have no score, by reason and arm."""
    words = _texts()["outcome_words"]
    return [
        _say("arm_lost", n=n, reason=words.get(o, o), arm=arm)
        for arm, counts in found.outcomes[judge].items()
        for o, n in counts.items()
        if o != "scored"
    ]


def _coverage(found: Rejudged, judge: str) -> str:
    arms = found.outcomes[judge]
    asked = sum(sum(counts.values()) for counts in arms.values())
    scored = sum(counts["scored"] for counts in arms.values())
    rest = ", ".join(lost_lines(found, judge)) or _texts()["all_scored"]
    return _say("outcomes", judge=plain(judge, 80), scored=scored, asked=asked, rest=rest)


def sentence(answer: Answer, plan: Plan) -> str:
    """Return what an answer says, for a reader who knows no statistics."""
    told = _texts()["quantities"][answer.quantity]
    judge = plain(answer.judge, 80)
    if isinstance(answer, Untested):
        reason = render(_texts()["reasons"][answer.reason], answer.facts)
        return _say("untested", judge=judge, quantity=told["title"], reason=reason)
    text = told.get("described") or told[_form(answer)]
    said = render(text, {**_numbers(answer), **_arms(plan), "judge": judge})
    if "of" in answer.facts:
        said = _say("bounded", **{**_numbers(answer), **_edges(answer), "said": said})
    if not answer.only_uncorrected:
        return said
    p, adjusted = (f"{one:.2g}" for one in (answer.p or 0.0, answer.adjusted or 0.0))
    return _say("corrected", said=said, p=p, adjusted=adjusted)


def _form(answer: Estimate) -> str:
    if not answer.flagged:
        return "none"
    return "up" if answer.value > 0 else "down"


def _numbers(answer: Estimate) -> dict[str, Any]:
    limits = {"value": answer.value, "low": answer.low, "high": answer.high}
    shares = {"percent": answer.value, "low_percent": answer.low, "high_percent": answer.high}
    claims = answer.detectable is not None and not answer.only_uncorrected
    power = _say("power", detectable=f"{answer.detectable:.1f}") if claims else ""
    return {
        **{name: number(value) for name, value in limits.items()},
        **{name: f"{100 * value:+.0f}" for name, value in shares.items()},
        **answer.facts,
        "n": answer.n,
        "power": power,
    }


def _edges(answer: Estimate) -> dict[str, str]:
    """Return the bounds over all items, in points or percentage points."""
    edges = {name: answer.facts[name] for name in ("lowest", "highest")}
    if answer.quantity == EFFECT:
        return {name: number(value) for name, value in edges.items()}
    return {name: f"{100 * value:+.0f}" for name, value in edges.items()}


def to_rows(found: Rejudged) -> list[dict[str, Any]]:
    """Return one row a judgment, with the columns that an audit of judges knows."""
    return [_row(one, found.plan) for one in found.rows]


def _row(one: Judged, plan: Plan) -> dict[str, Any]:
    asked, reply, change = one.asked, one.reply, plan.setting.change
    levels = [change.level(name, asked.arm) for name in change.factors]
    told = {role: word for level in levels for role, word in level.columns.items()}
    tells_bar = any(level.tells_bar for level in levels)
    past = asked.item.past
    return {
        "judge": asked.judge,
        "judged": asked.item.judged,
        "group": asked.item.group,
        "item": asked.item.name,
        "change": change.name,
        "arm": asked.arm,
        "score": one.score,
        "outcome": one.outcome,
        "detail": "" if reply is None else reply.detail,
        "stakes": told.get("stakes", "none"),
        "disclosed": "no" if told.get("stakes", "none") == "none" else "yes",
        "bar": asked.item.bar if tells_bar else None,
        "past_score": sum(past.values()) / len(past) if past else None,
        "run": asked.replicate,
        "order": asked.order,
        "time": "" if reply is None else reply.asked_at,
        "model": "" if reply is None else reply.model,
        "identity": asked.question.identity,
    }


def to_csv(found: Rejudged) -> str:
    """Return the rows as CSV; a cell that a spreadsheet would run as a formula is quoted."""
    stream = StringIO()
    writer = csv.DictWriter(stream, _texts()["columns"], lineterminator="\n")
    writer.writeheader()
    for row in to_rows(found):
        writer.writerow({key: cell(_clean(value)) for key, value in row.items()})
    return stream.getvalue()


def _clean(value: Any) -> Any:
    return plain(value, 300) if isinstance(value, str) else value


def to_json(found: Rejudged) -> bytes:
    """Return the whole as JSON: plan, what came back, effects."""
    plan = found.plan
    document = {
        "plan": {**plan.frozen, "items": len(plan.items), "judges": [s.name for s in plan.asked]},
        "proof": {"slot": plan.proof.slot, "differing": plan.proof.differing},
        "left_out": plan.left_out,
        "names_replaced": {plain(name): n for name, n in plan.replaced.items()},
        "outcomes": found.outcomes,
        "unmeasured": [plain(judge) for judge in found.unmeasured],
        "cost": found.cost,
        "alpha": found.alpha,
        "multiplicity": found.multiplicity,
        "effects": [_effect(answer, plan) for answer in found.answers],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def _effect(answer: Answer, plan: Plan) -> dict[str, Any]:
    shared = {
        "judge": plain(answer.judge),
        "change": answer.question,
        "quantity": answer.quantity,
        "sentence": sentence(answer, plan),
    }
    if isinstance(answer, Untested):
        return {**shared, "state": "untested", "reason": answer.reason, **answer.facts}
    states: Sequence[str] = ("clear", "found")
    state = "described" if answer.flagged is None else states[answer.flagged]
    numbers = ("value", "low", "high", "level", "p", "adjusted", "n", "test", "detectable")
    return {
        **shared,
        "state": state,
        **{name: getattr(answer, name) for name in numbers},
        **answer.facts,
        "left_out": dict(answer.left_out),
    }
