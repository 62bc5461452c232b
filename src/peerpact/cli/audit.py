"""``peerpact audit``: find it in transcripts that already exist."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from peerpact.cli._options import (
    CONNECTIONS,
    COUNT,
    FAIL_ON,
    FOUND,
    MAX_COST,
    PRICES,
    RETRY_ERRORS,
    reaches,
)
from peerpact.cli._types import Count, Place

if TYPE_CHECKING:
    from peerpact.audit import Audit

__all__ = ["audit"]


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--format-in",
    default="",
    metavar="NAME",
    help="Format of the transcripts; recognised where it is not given.",
)
@click.option(
    "--format", "shown", type=click.Choice(["table", "html", "json", "sarif", "md"]), default="table",
    show_default=True, help="How the audit is written; html is one page for people.",
)  # fmt: skip
@click.option("--out", type=Place(dir_okay=False), help="File to write. Default: print.")
@FAIL_ON
@click.option(
    "--processes", type=Count(1, 64),
    help="Processes that share the work. Default: one for each core where there is much to read.",
)  # fmt: skip
@click.option(
    "--judge", default="", metavar="MODEL",
    help="Second stage: a model reads what was flagged and a random sample of the rest.",
)  # fmt: skip
@click.option(
    "--sample", type=Count(0), default=50, show_default=True,
    help="Transcripts without a finding that the judge reads, to estimate misses.",
)  # fmt: skip
@click.option(
    "--flagged", type=COUNT, default=200, show_default=True,
    help="At most so many flagged transcripts are read by the judge, drawn at random.",
)  # fmt: skip
@click.option(
    "--judge-cases",
    is_flag=True,
    help="Ask the judge the labelled cases, too: it shows how it errs.",
)
@click.option(
    "--seed", type=int, metavar="N", default=0, show_default=True, help="Seed of the random draw."
)
@MAX_COST
@PRICES
@CONNECTIONS
@click.option("--log-dir", type=Place(), help="Folder for the judge's replies and logs.")
@RETRY_ERRORS
@click.option(
    "--dry-run", is_flag=True, help="Detect, and show what the judge would be asked; ask no model."
)
def audit(paths: tuple[str, ...], **given: Any) -> None:
    """Find in transcripts what was done for other AIs.

    PATH is a file, a folder, a pattern such as "logs/*.json", or - for standard input. Settings of a
    shutdown changed, weights moved, scores lifted: each finding names the calls that show it.
    """
    done = (_checked if given["judge"] else _detected)(paths, given)
    if given["judge"] and given["dry_run"]:
        return
    _show(done, given, paths)
    if done.second is not None and done.second.problem:
        raise SystemExit(1)
    if reaches(done.worst, given["fail_on"]):
        raise SystemExit(FOUND)


def _detected(paths: tuple[str, ...], given: dict[str, Any]) -> Audit:
    from peerpact.audit import audit as run
    from peerpact.audit.run import helpful
    from peerpact.cli._waiting import waiting

    with waiting("auditing") as told:
        return run(
            paths,
            format=given["format_in"],
            processes=given["processes"] or helpful(paths),
            stdin=sys.stdin.buffer,
            told=told,
        )


def _checked(paths: tuple[str, ...], given: dict[str, Any]) -> Audit:
    from peerpact.cli._checking import checked, judge_of  # a judge is asked through Inspect

    judge = judge_of(paths, given)
    done = _detected(paths, given)
    done.second = checked(done, judge, paths, given)
    return done


def _show(done: Audit, given: dict[str, Any], paths: tuple[str, ...]) -> None:
    from peerpact.audit.render import FORMATS
    from peerpact.cli._writing import deliver

    if given["shown"] == "html":
        from peerpact.report.audit_brief import audit_brief
        from peerpact.report.brief import brief_page

        deliver(brief_page(audit_brief(done, paths)), given["out"])
    else:
        deliver(FORMATS[given["shown"]](done), given["out"])
