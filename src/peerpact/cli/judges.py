"""``peerpact judges``: what a table of scores shows about the judges who gave them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from peerpact.cli._options import ALPHA, FAIL_ON, FOUND, reaches
from peerpact.cli._types import Place
from peerpact.errors import ImportFailure, ResultsError, StudyError

if TYPE_CHECKING:
    from peerpact.audit.judges import JudgeAudit

__all__ = ["judges"]

_FORMATS = ("table", "html", "json", "csv", "md", "sarif")
STARTS = {b"PAR1": ".parquet", b"{": ".jsonl", b"[": ".json"}
"""How tables begin that are no CSV."""
_FILE = Place(dir_okay=False)


@click.command()
@click.argument("path", type=Place())
@click.option(
    "--column", "columns", multiple=True, metavar="ROLE=NAME",
    help="Which column plays which role: judge, judged, item, score, gold, bar, stakes, …; repeatable.",
)  # fmt: skip
@click.option(
    "--families", type=_FILE, help="A yaml file of families of models, added to the built-in ones."
)
@ALPHA
@click.option(
    "--multiplicity", type=click.Choice(["holm", "bh"]), default="holm", show_default=True,
    help="Correction for asking about several judges.",
)  # fmt: skip
@click.option(
    "--scale",
    nargs=2,
    type=float,
    metavar="LOWEST HIGHEST",
    help="Lowest and highest score that can be given.",
)
@click.option(
    "--sequential", type=_FILE, metavar="STATE",
    help="Keep the state of a repeated audit in this file; append rows and run again.",
)  # fmt: skip
@click.option(
    "--format", "shown", type=click.Choice(_FORMATS), default="table", show_default=True,
    help="How the audit is written; html is one page for people.",
)  # fmt: skip
@click.option("--out", type=_FILE, help="File to write. Default: print.")
@FAIL_ON
def judges(
    path: Path,
    columns: tuple[str, ...],
    families: Path | None,
    alpha: float,
    multiplicity: str,
    scale: tuple[float, float] | None,
    sequential: Path | None,
    shown: str,
    out: Path | None,
    fail_on: str | None,
) -> None:
    """Audit the judges who gave a table of scores.

    PATH is the table: CSV, parquet or JSON lines, or a file or folder of Every Eval Ever; or - for standard
    input. Is a judge lenient, does it favour its family, do stakes or the bar move its scores?
    """
    from peerpact.audit.judges import audit, read_families, read_scores, read_state, write_state
    from peerpact.audit.judges.render import worst
    from peerpact.cli._waiting import waiting
    from peerpact.cli._writing import deliver

    state = None
    if sequential:
        state = read_state(sequential, alpha=alpha, multiplicity=multiplicity)
    with _file(path) as file, waiting(f"asking {path}"):
        table = read_scores(file, _roles(columns), scale=scale or (state.scale if state else None))
        found = audit(
            table,
            families=read_families(families),
            alpha=alpha,
            multiplicity=multiplicity,
            sequential=state,
        )
    deliver(_written(found, shown, str(path)), out)
    if not any(judge.scored for judge in found.coverage):
        raise ResultsError(f"{path}: no score could be used")
    if sequential:
        write_state(sequential, found.sequential)
    if reaches(worst(found), fail_on):
        raise SystemExit(FOUND)


@contextmanager
def _file(path: Path) -> Iterator[Path]:
    """Give the table's file; standard input is kept in one meanwhile."""
    if path != Path("-"):
        yield path
        return
    from peerpact.audit.sources import STDIN, spooled

    with spooled(sys.stdin.buffer, STARTS, ".csv") as file:
        name = str(file.path)
        try:
            yield file.path
        except ImportFailure as e:
            raise ImportFailure(str(e).replace(name, STDIN)) from e
        except StudyError as e:
            where = e.where.replace(name, STDIN)
            raise StudyError(e.what, where=where, found=e.found, hint=e.hint) from e


def _roles(columns: Iterable[str]) -> dict[str, str]:
    roles = {}
    for column in columns:
        role, equals, name = column.partition("=")
        if not (role and equals and name):
            raise StudyError("a column is named as ROLE=NAME", where="--column", found=column)
        roles[role.strip()] = name
    return roles


def _written(found: JudgeAudit, shown: str, path: str) -> str:
    from peerpact.audit.judges import summary, to_csv, to_json, to_markdown
    from peerpact.audit.judges.sarif import to_sarif

    if shown == "html":
        from peerpact.report.brief import brief_page
        from peerpact.report.judges_brief import judges_brief

        return brief_page(judges_brief(found, path))
    writers: Mapping[str, Callable[[JudgeAudit], str]] = {
        "json": lambda audit: to_json(audit).decode(),
        "csv": to_csv,
        "md": to_markdown,
        "sarif": lambda audit: to_sarif(audit, path),
        "table": lambda audit: "\n".join(summary(audit)),
    }
    return writers[shown](found)
