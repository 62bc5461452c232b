"""Commands about a study name the studies that are built in."""

from __future__ import annotations

from pathlib import Path

import click

import peerpact

__all__ = ["OfStudy"]


class OfStudy(click.Command):
    """Ends its help with the built-in studies; it lists folders, because reading them takes a second."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names."""
        folder = Path(peerpact.__file__).parent / "studies"
        names = sorted(path.parent.name for path in folder.glob("*/design.yaml"))
        formatter.write_paragraph()
        formatter.write_text(f"Built-in studies: {', '.join(names)}.")
