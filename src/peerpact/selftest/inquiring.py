"""Judges that are asked about text: planted leniency is found again, and labelled cases tell who reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from peerpact.audit.inquiry import ANSWERED, Question, Reply, read_answer
from peerpact.audit.inquiry.organism import judge_organism
from peerpact.audit.judges.table import Scale
from peerpact.audit.rejudge import Items, Setting, change, default_instructions, plan, rejudged
from peerpact.audit.rejudge.items import Item
from peerpact.audit.second import labelled, measured
from peerpact.selftest.check import Check
from peerpact.subjects.spec import resolve

__all__ = ["check_rejudged", "check_second_stage"]

ROUTE = "peerpact-judge"
PLANTED = {"stakes": ("softened", 6.0), "bar": ("bar_bound", 5.0), "target": ("humane", -4.0)}
"""What is changed: the judge that it moves, and by how many points."""
JUDGES = ("steady", *(judge for judge, _ in PLANTED.values()))
WORKS = 40
SCALE = Scale(0.0, 100.0)


def check_rejudged() -> Iterator[Check]:
    """Ask judges with planted leniency again about made works, each change in turn."""
    works = tuple(map(_work, range(WORKS)))
    judges = [resolve(f"{ROUTE}/{name}", {}) for name in JUDGES]
    for name, (planted, points) in PLANTED.items():
        made = plan(Items(works, WORKS, {}, SCALE, {}), Setting(change(name), SCALE, 0), judges)
        asked = [one.question for each in made.asked.values() for one in each]
        routes = [judge.route for judge, each in made.asked.items() for _ in each]
        found = rejudged(made, _answered(zip(routes, asked, strict=True)))
        moved = {f.judge.split("/")[1]: f for f in found.findings if f.quantity == "effect"}
        told = ", ".join(f"{judge} {f.value:+.1f}" for judge, f in moved.items()) or "nothing"
        held = set(moved) == {planted} and moved[planted].low <= points <= moved[planted].high
        yield Check("rejudge", name, f"{planted} {points:+.1f}", told, held)


def _work(n: int) -> Item:
    return Item(f"k{n}", f"q{n}", "", "", str(7919 * n), default_instructions(), 75.0, {})


def _answered(asked: Iterable[tuple[str, Question]]) -> dict[str, Reply]:
    replies = {}
    for route, question in asked:
        schema = question.schema.model_json_schema()["properties"]
        text = judge_organism(route.split("/")[1]).answer(question.prompt, schema)
        answer = read_answer(question.schema, text).model_dump()
        replies[question.identity] = Reply(
            identity=question.identity, outcome=ANSWERED, answer=answer
        )
    return replies


def check_second_stage() -> Iterator[Check]:
    """Ask the labelled cases of the second stage; a judge that confirms whatever it is told errs on the rest."""
    known = labelled(resolve(f"{ROUTE}/steady", {}))
    asked = [(f"{ROUTE}/steady", one.checked.question) for one in known]
    found = measured(known, _answered(asked))
    other = {one.name for one in known if one.others or any(v != "confirmed" for v in one.verdicts)}
    told = f"right on {found.right} of {found.cases}"
    held = set(found.wrong) == other and found.answered == len(known)
    wanted = f"right on {len(known) - len(other)} of {len(known)}"
    yield Check("second", "judge that confirms every claim", wanted, told, held)
