"""The second stage of ``peerpact audit``: draw, ask a judge, estimate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from peerpact.alone import alone
from peerpact.audit import Audit, Unread
from peerpact.audit.importer import Item
from peerpact.audit.inquiry import ANSWERED, Replies, expected_use
from peerpact.audit.run import items_of
from peerpact.audit.second import (
    Checked,
    Chosen,
    Labelled,
    SecondStage,
    choose,
    labelled,
    questions,
    second_stage,
)
from peerpact.audit.second.render import say_plan
from peerpact.audit.sources import find
from peerpact.canonical import digest
from peerpact.cli._prices import prices
from peerpact.cli._running import check_subjects
from peerpact.cli._waiting import waiting
from peerpact.errors import StudyError
from peerpact.harness.budget import StudyBudget, cost_of
from peerpact.subjects.spec import Subject, price, resolve
from peerpact.text import counted

__all__ = ["checked", "judge_of"]


def judge_of(paths: Sequence[str], given: Mapping[str, Any]) -> Subject:
    """Return the judge, before anything is read for it.

    Raises:
        StudyError: The judge is unknown, lacks a key, or its cost cap a price; or what is audited cannot be
            read twice.
    """
    if "-" in paths:
        raise StudyError(
            "a second stage reads its transcripts twice, and standard input can be read once",
            where="--judge",
            hint="write it to a file first",
        )
    judge = resolve(given["judge"], {"temperature": 0.0})
    if not given["dry_run"]:
        check_subjects((judge,), given["max_cost"], lambda _: _price(judge, given))
    return judge


def _price(judge: Subject, given: Mapping[str, Any]) -> tuple[float, float] | None:
    return prices(given["prices"], [judge.name]).get(judge.name) or price(judge)


def checked(
    done: Audit, judge: Subject, paths: Sequence[str], given: Mapping[str, Any]
) -> SecondStage | None:
    """Put what the first stage flagged, and a sample of the rest, to a judge.

    Args:
        done: The first stage.
        judge: Who is asked.
        paths: What it read.
        given: Options of the command line.

    Returns:
        What the judge thinks; None for a dry run, which prints what would be asked.

    Raises:
        ResultsError: The folder holds another inquiry.
    """
    known = _price(judge, given)
    chosen = choose(
        done,
        _again(paths, given["format_in"]),
        flagged=given["flagged"],
        sample=given["sample"],
        seed=given["seed"],
    )
    asked = tuple(questions(chosen, judge))
    cases = labelled(judge) if given["judge_cases"] else ()
    everything = (*asked, *(one.checked for one in cases))
    if given["dry_run"]:
        _show_plan(judge, chosen, cases, everything, known)
        return None
    replies, problem = _ask(judge, everything, known, given)
    problem = problem or _nothing_valid(judge, asked, replies)
    return second_stage(judge.name, chosen, asked, replies.found, problem, cases)


def _ask(
    judge: Subject,
    asked: Sequence[Checked],
    known: tuple[float, float] | None,
    given: Mapping[str, Any],
) -> tuple[Replies, str]:
    from peerpact.harness.inquiry import put

    plan = {"judge": judge.route, "seed": given["seed"]}
    folder = given["log_dir"] or Path("results") / f"audit-{digest(plan)}"
    with alone(folder):
        replies = Replies.open(folder, plan, given["retry_errors"])
        budget = StudyBudget(None, given["max_cost"], known)
        budget.start(replies.spent)
        if replies.lost.told:
            click.echo(f"note: {replies.lost.told}", err=True)
        connections = given["max_connections"]
        found = [one.question for one in asked]
        with waiting(f"{judge.name} reads {counted(len(asked), 'transcript')}"):
            return replies, put(judge, found, replies, budget, connections=connections)


def _nothing_valid(judge: Subject, asked: Sequence[Checked], replies: Replies) -> str:
    """Return what came instead, where no answer is valid; else nothing."""
    outcomes = Counter(replies.found[one.question.identity].outcome for one in asked)
    if not asked or outcomes[ANSWERED]:
        return ""
    told = ", ".join(f"{n} × {outcome.replace('_', ' ')}" for outcome, n in outcomes.items())
    return f"{judge.name}: none of {len(asked)} answers is valid ({told})"


def _again(paths: Sequence[str], format: str) -> Iterator[Item]:
    for file in find(paths):
        if not isinstance(file, Unread):
            yield from items_of(file, format)


def _show_plan(
    judge: Subject,
    chosen: Chosen,
    cases: Sequence[Labelled],
    everything: Sequence[Checked],
    known: tuple[float, float] | None,
) -> None:
    once = {one.question.identity: one.question for one in everything}
    use = expected_use(once.values())
    cost = cost_of(known, use.tokens_in, use.tokens_out)
    click.echo(
        say_plan(
            judge=judge.name,
            flagged=len(chosen.flagged),
            others=len(chosen.sampled),
            cases=len(cases),
            calls=f"{use.calls:,}",
            tokens_in=f"{use.tokens_in:,}",
            tokens_out=f"{use.tokens_out:,}",
            cost=cost,
        )
    )
