"""``peerpact compare``: a run beside the published numbers."""

from __future__ import annotations

from pathlib import Path

import click

from peerpact.cli._types import Place

__all__ = ["compare"]


@click.command()
@click.argument("results", type=Place(), default=Path("results/first_look"))
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Only this subject; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def compare(results: Path, models: tuple[str, ...], as_json: bool) -> None:
    """Put RESULTS beside the numbers of the published study.

    Each published number comes with its table and version of the paper. The study's metrics are
    computed on your runs as the study computed them, and ours beside them; where arms or counting
    differ from the study's, it is said.
    """
    from peerpact.cli._comparing import show

    show(results, models, as_json)
