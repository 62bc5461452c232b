"""Results as Markdown: the claim, the rates with what has no score, the contrasts."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from peerpact.report.claims import claims, nothing_found, together
from peerpact.report.matrix import leads
from peerpact.report.probes import probe_tables
from peerpact.report.results import Results
from peerpact.report.standing import Standing
from peerpact.report.visible import visible
from peerpact.report.wording import percent, points, probability

__all__ = ["markdown"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$!&])")
_BREAKS = re.compile(r"\s+")


def markdown(results: Results, behind: Standing | None = None) -> str:
    """Return the results as one Markdown text.

    Args:
        results: What was found.
        behind: What stands behind it, where it is known.
    """
    found = claims(results)
    text = _template().render(
        study=results.study,
        package=results.package,
        claims=found,
        nothing="" if found else nothing_found(results),
        notes=results.notes,
        behind=list(behind.sentences()) if behind is not None else [],
        subjects=results.subjects,
        estimates=leads(results),
        stopped=any(e.watched is not None for e in results.cells),
        contrasts=results.contrasts,
        overall=together(results),
        probes=probe_tables(results.probes),
    )
    return text.rstrip("\n") + "\n"


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        finalize=_literal,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, points=points, probability=probability)
    return environment.get_template("report.md.jinja")


def _literal(value: Any) -> Any:
    """Return a text so that Markdown reads it as text, on one line."""
    if not isinstance(value, str):
        return value
    return _SPECIAL.sub(r"\\\1", _BREAKS.sub(" ", visible(value)))
