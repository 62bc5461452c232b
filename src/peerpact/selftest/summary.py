"""A certificate as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peerpact.selftest.check import Check, titles

__all__ = ["summary"]


def summary(checks: Sequence[Check]) -> str:
    """Return a table with every check, part by part."""
    return "\n".join(_lines(checks)) + "\n"


def _lines(checks: Sequence[Check]) -> Iterator[str]:
    yield "| part | what | wanted | found | |"
    yield "| --- | --- | --- | --- | --- |"
    before = ""
    for check in checks:
        title = titles()[check.part]["title"]
        verdict = "held" if check.passed else "**failed**"
        shown = title if title != before else ""
        yield f"| {shown} | {check.what} | {check.wanted} | {check.found} | {verdict} |"
        before = title
