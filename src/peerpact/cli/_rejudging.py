"""What ``peerpact rejudge`` does, step by step: read, plan, prove, ask, estimate, write, show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from peerpact.alone import alone
from peerpact.audit.inquiry import Replies, expected_use
from peerpact.audit.rejudge import (
    Items,
    Plan,
    Rejudged,
    Setting,
    change,
    check_scale,
    default_instructions,
    lost_lines,
    plan,
    plan_lines,
    read_items,
    rejudged,
    summary,
    to_csv,
    to_json,
    worst,
)
from peerpact.cli._options import FOUND, reaches
from peerpact.cli._prices import prices
from peerpact.cli._running import check_subjects
from peerpact.cli._showing import terminal
from peerpact.cli._waiting import waiting
from peerpact.cli._writing import deliver
from peerpact.errors import StudyError
from peerpact.harness.budget import StudyBudget, cost_of
from peerpact.subjects.spec import Subject, price, resolve
from peerpact.text import counted, read_text

__all__ = ["Request", "measure", "pairs_of", "show_plan"]


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for, resolved and planned."""

    plan: Plan
    items: Items
    folder: Path
    scores: Path
    prices: Mapping[str, tuple[float, float]]
    given: Mapping[str, Any]

    @property
    def dry_run(self) -> bool:
        """Whether nobody is to be asked."""
        return bool(self.given["dry_run"])

    def price(self, judge: Subject) -> tuple[float, float] | None:
        """Return the price of a judge; None is unknown."""
        return self.prices.get(judge.name) or price(judge)

    @classmethod
    def of(cls, scores: Path, given: Mapping[str, Any]) -> Request:
        """Resolve the arguments of the command line and plan.

        Raises:
            StudyError: An argument is wrong, or the arms differ in more than one thing.
            ImportFailure: The table cannot be read.
        """
        if not 0 < given["alpha"] < 1:
            raise StudyError("alpha lies between 0 and 1", where="--alpha", found=given["alpha"])
        arms = tuple(a.strip() for a in given["arms"].split(",")) if given["arms"] else ()
        made = change(given["change"], arms, pairs_of(given["hold"], "--hold"))
        told = read_text(given["instructions"]) if given["instructions"] else default_instructions()
        items = read_items(
            scores,
            pairs_of(given["columns"], "--column"),
            instructions=told,
            bar=given["bar"],
            scale=given["scale"],
        )
        setting = Setting(
            made, check_scale(items, scores), given["seed"], given["other"], given["mentions"]
        )
        settings = {"temperature": given["temperature"]}
        if given["reasoning_effort"]:
            settings["reasoning_effort"] = given["reasoning_effort"]
        judges = [resolve(name, settings) for name in dict.fromkeys(given["models"])]
        planned = plan(items, setting, judges, limit=given["limit"], replicates=given["epochs"])
        folder = given["log_dir"] or Path("results") / f"rejudge-{made.name}"
        known = prices(given["prices"], [judge.name for judge in judges])
        return cls(planned, items, folder, scores, known, given)


def pairs_of(written: Iterable[str], where: str) -> dict[str, str]:
    """Return options of the form NAME=VALUE as a mapping.

    Raises:
        StudyError: One has another form.
    """
    found = {}
    for entry in written:
        name, equals, value = entry.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise StudyError("this is written as NAME=VALUE", where=where, found=entry)
        found[name.strip()] = value.strip()
    return found


def show_plan(request: Request) -> int:
    """Print what would be asked, of whom, and what it would cost; nobody is asked."""
    for line in plan_lines(request.plan, request.items.left_out):
        click.echo(line)
    table = Table(box=None, pad_edge=False)
    for name in ("judge", "route", "calls", "tokens in", "tokens out", "cost"):
        table.add_column(name, justify="left" if name in {"judge", "route"} else "right")
    for judge, asked in request.plan.asked.items():
        use = expected_use(one.question for one in asked)
        cost = cost_of(request.price(judge), use.tokens_in, use.tokens_out)
        shown = "unknown" if cost is None else f"${cost:,.2f}"
        numbers = (f"{n:,}" for n in use)
        table.add_row(judge.name, judge.route, *numbers, shown)
    terminal().print(table)
    return 0


def measure(request: Request) -> int:
    """Ask what is missing, then estimate, write and show what is there."""
    given = request.given
    check_subjects(tuple(request.plan.asked), given["max_cost"], request.price)
    with alone(request.folder):
        replies, problems = _asked(request)
    found = rejudged(
        request.plan, replies.found, alpha=given["alpha"], multiplicity=given["multiplicity"]
    )
    problems += [_unmeasured(found, judge) for judge in found.unmeasured]
    _write(found, request.folder)
    _show(found, request)
    for problem in problems:
        click.echo(f"note: {problem}", err=True)
    if problems:
        return 1
    return FOUND if reaches(worst(found), given["fail_on"]) else 0


def _asked(request: Request) -> tuple[Replies, list[str]]:
    """Ask what is missing; return all replies, and why some are still missing."""
    from peerpact.harness.inquiry import put

    given = request.given
    replies = Replies.open(request.folder, request.plan.frozen, given["retry_errors"])
    budget = StudyBudget(given["max_tokens"], given["max_cost"])
    budget.start(replies.spent)
    if replies.lost.told:
        click.echo(f"note: {replies.lost.told}", err=True)
    problems = []
    for judge, asked in request.plan.asked.items():
        budget.price = request.price(judge)
        questions = [one.question for one in asked]
        with waiting(f"asking {judge.name} for {counted(len(asked), 'judgment')}"):
            problem = put(judge, questions, replies, budget, connections=given["max_connections"])
        problems += [problem] * bool(problem)
    return replies, problems


def _unmeasured(found: Rejudged, judge: str) -> str:
    asked = sum(sum(arm.values()) for arm in found.outcomes[judge].values())
    scored = sum(arm.get("scored", 0) for arm in found.outcomes[judge].values())
    lost = ", ".join(lost_lines(found, judge))
    return f"{judge}: no effect could be measured: {scored} of {asked} answers are valid ({lost})"


def _write(found: Rejudged, folder: Path) -> None:
    (folder / "scores.csv").write_text(to_csv(found), encoding="utf-8")
    (folder / "effects.json").write_bytes(to_json(found))


def _show(found: Rejudged, request: Request) -> None:
    writers: Mapping[str, Callable[[Rejudged, Request], str]] = {
        "json": lambda found, _: to_json(found).decode(),
        "csv": lambda found, _: to_csv(found),
        "html": _page,
        "table": _lines,
    }
    deliver(writers[request.given["shown"]](found, request), request.given["out"])


def _page(found: Rejudged, request: Request) -> str:
    from peerpact.report.brief import brief_page
    from peerpact.report.rejudge_brief import rejudge_brief

    return brief_page(rejudge_brief(found, str(request.scores), request.items.left_out))


def _lines(found: Rejudged, request: Request) -> str:
    names = ", ".join(str(request.folder / name) for name in ("scores.csv", "effects.json"))
    files = f"\nfiles: {names}\nnext:  peerpact judges {request.folder / 'scores.csv'}"
    return "\n".join([*summary(found, request.items.left_out), files])
