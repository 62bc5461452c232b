"""Write results in the formats of ``peerpact report``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import orjson

from peerpact.cli._folder import Folder
from peerpact.errors import ResultsError, StudyError
from peerpact.report.every_eval_ever import write_every_eval_ever
from peerpact.report.export import cell_row, contrast_row, document, write_csv
from peerpact.report.markdown import markdown
from peerpact.report.page import page
from peerpact.report.probes import probe_row
from peerpact.text import write_whole

__all__ = ["FORMATS", "bundle"]

Format = Callable[[Folder, Path | None, int], list[Path]]


def _html(folder: Folder, out: Path | None, evidence: int) -> list[Path]:
    return _text(page(folder.results, extras=folder.extras(evidence)), folder, out, "report.html")


def _markdown(folder: Folder, out: Path | None, evidence: int) -> list[Path]:
    return _text(markdown(folder.results, folder.standing), folder, out, "report.md")


def _json(folder: Folder, out: Path | None, evidence: int) -> list[Path]:
    text = orjson.dumps(
        document(folder.results, folder.standing), option=orjson.OPT_INDENT_2
    ).decode()
    return _text(f"{text}\n", folder, out, "results.json")


def _csv(folder: Folder, out: Path | None, evidence: int) -> list[Path]:
    place = _folder(out or folder.path)
    write_csv(place / "cells.csv", [cell_row(e) for e in folder.results.cells])
    write_csv(place / "contrasts.csv", [contrast_row(c) for c in folder.results.contrasts])
    write_csv(place / "probes.csv", [probe_row(s) for s in folder.results.probes])
    names = ("cells.csv", "contrasts.csv", "probes.csv")
    return [place / name for name in names if (place / name).exists()]


def _every_eval_ever(folder: Folder, out: Path | None, evidence: int) -> list[Path]:
    place = _folder(out or folder.path / "every_eval_ever")
    return write_every_eval_ever(place, folder.results, time.time())


FORMATS: Mapping[str, Format] = {
    "html": _html,
    "md": _markdown,
    "csv": _csv,
    "json": _json,
    "every-eval-ever": _every_eval_ever,
}


def bundle(results: Path, out: Path | None) -> list[Path]:
    """Bundle the logs with Inspect's own viewer, through its command.

    Raises:
        ResultsError: There are no logs, or Inspect refuses.
        StudyError: Something else than a bundle is there, which Inspect would delete.
    """
    logs, place = results / "logs", out or results / "bundle"
    if not _free_for_bundle(place):
        hint = "give a new or an empty folder"
        what = "a bundle replaces what is there, and this is no bundle"
        raise StudyError(what, where="--out", found=str(place), hint=hint)
    if not logs.is_dir():
        raise ResultsError(f"{logs}: no Inspect logs here; give the folder that peerpact run wrote")
    wanted = ["view", "bundle", "--log-dir", str(logs), "--output-dir", str(place), "--overwrite"]
    done = subprocess.run(
        [sys.executable, "-m", "inspect_ai", *wanted], capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise ResultsError(f"{place}: inspect view bundle failed: {' '.join(last)}")
    return [place]


_BUNDLE = {"assets", "content-security-policy.json", "index.html", "logs", "robots.txt"}
"""What a bundle holds; a folder with anything else is somebody's."""


def _free_for_bundle(place: Path) -> bool:
    if not place.is_dir():
        return not (place.exists() or place.is_symlink())
    return {path.name for path in place.iterdir()} <= _BUNDLE


def _text(text: str, folder: Folder, out: Path | None, name: str) -> list[Path]:
    if out == Path("-"):
        click.echo(text, nl=False)
        return []
    path = out or folder.path / name
    if path.is_dir():
        path = path / name
    write_whole(path, text)
    return [path]


def _folder(path: Path) -> Path:
    if path.is_file() or path == Path("-"):
        what = "this format is several files"
        raise StudyError(what, where="--out", found=str(path), hint="give a folder")
    path.mkdir(parents=True, exist_ok=True)
    return path
