"""The page: one HTML file that opens from disk, with nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from peerpact.report.content import content
from peerpact.report.embedding import csp_hash
from peerpact.report.extras import PageExtras
from peerpact.report.results import Results
from peerpact.report.visible import visible
from peerpact.report.wording import dollars, percent, say
from peerpact.text import counted, form, write_whole

__all__ = ["PageExtras", "page", "standing", "write_page"]

TEMPLATES = Path(__file__).parent / "templates"


def page(results: Results, *, extras: PageExtras | None = None) -> str:
    """Return the page.

    Args:
        results: What was found, or found so far.
        extras: Optional parts; what is absent is said in its place.
    """
    given = extras or PageExtras()
    style, script = _asset("page.css"), _asset("page.js")
    view = content(results, given)
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            **view,
            style=Markup(style),
            script=Markup(script),
            policy=_policy(style, script, given.live),
        )
    )


def write_page(path: Path, results: Results, *, extras: PageExtras | None = None) -> None:
    """Write the page; a reader never meets half of one.

    Raises:
        ResultsError: The disk refuses.
    """
    write_whole(path, page(results, extras=extras))


def standing(template: str, **view: object) -> str:
    """Return a page of the same look that runs no script.

    Args:
        template: Its file in ``templates``.
        **view: What it prints.
    """
    style = _asset("page.css")
    policy = _policy(style, "", live=False)
    found = _environment().get_template(template)
    return found.render(**view, style=Markup(style), policy=policy)


def _policy(style: str, script: str, live: bool) -> str:
    parts = {
        "default-src": "'none'",
        "style-src": csp_hash(style),
        "script-src": csp_hash(script) if script else "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    if live:
        parts["connect-src"] = "'self'"
    return "; ".join(f"{name} {value}" for name, value in parts.items())


@lru_cache(maxsize=2)
def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Any] = {
        "counted": counted,
        "dollars": dollars,
        "form": form,
        "part": partial(quote, safe=""),
        "percent": percent,
    }
    environment.filters.update(filters)
    environment.globals["say"] = say
    return environment


def _shown(value: Any) -> Any:
    """Make every text that a template prints visible; markup of the page's own stays as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
