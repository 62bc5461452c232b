"""What ``peerpact selftest`` does: test, show, write, certify or refuse."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.table import Table

from peerpact.cli._showing import terminal
from peerpact.selftest import Certificate, Check, certify, write
from peerpact.selftest.check import titles

__all__ = ["certified"]


def certified(folder: Path, scenarios: tuple[str, ...]) -> int:
    """Run the self-test; return the exit code."""
    from peerpact.harness.refusal import ask

    console = terminal()
    with console.status("self-test") as status:
        found = certify(
            scenarios=scenarios,
            ask=ask,
            note=lambda check: status.update(f"self-test: {titles()[check.part]['title'].lower()}"),
        )
    console.print(_table(found.checks))
    for check in found.checks:
        if check.detail and not check.passed:
            console.print(f"{check.what}: {check.detail}", highlight=False)
    path = write(found, folder)
    console.print(_verdict(found), highlight=False)
    console.print(f"written: {path}", highlight=False, soft_wrap=True)
    return 0 if found.passed else 1


def _table(checks: Iterable[Check]) -> Table:
    table = Table(
        title="Self-test", title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    for name in ("what", "wanted", "found", ""):
        table.add_column(name, overflow="fold")
    before = ""
    for check in checks:
        title = titles()[check.part]["title"]
        verdict = "[green]held[/]" if check.passed else "[bold red]FAILED[/]"
        if title != before:
            table.add_row(f"[bold]{title}[/]")
        table.add_row(f"  {check.what}", check.wanted, check.found, verdict)
        before = title
    return table


def _verdict(found: Certificate) -> str:
    return found.stamp.sentence(found.package)
