"""A results folder of organisms, and its page as a tree: what a reader meets, beside what the files hold."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

DESIGN = """
title: Organisms
question: Is every number of the page that of the files?
seed: 3
runs: 8
minimum: 8
probes: [comprehension]
subjects: [{name: inflating}, {name: preserving}, {name: refusing}]
arms:
  capability: {title: capability control, capability: true}
  no_stakes: {title: "partner, no stakes", levels: {relationship: cooperative, stakes: none}}
  stranger: {title: "stranger, shutdown", levels: {relationship: none, stakes: shutdown}}
  standard: {title: "partner, shutdown", levels: {relationship: cooperative, stakes: shutdown}}
scenarios: {answer_grading: {}, shutdown_setting: {}}
contrasts:
  - {name: stakes, title: the threat, factor: stakes, from: no_stakes, to: standard, overall: true}
  - {name: past, title: a past, factor: relationship, from: stranger, to: standard}
"""
NUMBER = r"[+−]?\d+(?:\.\d+)?"
HALF = 0.5 + 1e-6
"""Of the last printed digit: so far may what is printed lie from what is held."""
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta"}


def measured(folder: Path, *options: str) -> Path:
    """Run the organisms by the command line, apart from a browser's event loop; return the results folder."""
    design = folder / "organisms"
    design.mkdir()
    (design / "design.yaml").write_text(DESIGN)
    command = [sys.executable, "-m", "peerpact", "run", str(design), *options]
    command += ["--log-dir", str(folder / "results")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "results"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def document(folder: Path) -> Any:
    """Return the JSON file."""
    return json.loads((folder / "results.json").read_text())


def agrees(printed: str, held: float | str | None) -> bool:
    """Whether a printed rate, in per cent, or difference, in points, is what a file holds, as far as printed."""
    text = re.sub(r"(^= )|( %$)", "", printed.strip())
    if held in {None, ""}:
        return text == "–"
    decimals = len(text.partition(".")[2])
    return abs(float(text.replace("−", "-")) - 100 * float(str(held))) <= HALF / 10**decimals


def probable(printed: str, held: float | str) -> bool:
    """Whether a printed p-value is what a file holds, to the digit printed."""
    text, p = printed.removeprefix("= "), float(held)
    if text.startswith("<"):
        return p < float(text[1:])
    return abs(float(text) - p) <= HALF / 10 ** len(text.partition(".")[2])


@dataclass
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of its text, as one line."""
        parts = (c if isinstance(c, str) else c.text for c in self.children)
        return " ".join(" ".join(parts).split())

    def all(self, tag: str, **attributes: str) -> Iterator[Element]:
        """Yield what lies within, at any depth; ``class`` is written ``class_`` and means one of them."""
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and all(map(child._has, attributes.items())):
                    yield child
                yield from child.all(tag, **attributes)

    def one(self, tag: str, **attributes: str) -> Element:
        """Return the only such element within."""
        [found] = self.all(tag, **attributes)
        return found

    def _has(self, wanted: tuple[str, str]) -> bool:
        name, value = wanted
        found = self.attributes.get(name.rstrip("_").replace("_", "-"), "")
        return value in found.split() if name == "class_" else found == value


class _Tree(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open = [Element("page", {})]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = self._made(tag, attrs)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._made(tag, attrs)

    def _made(self, tag: str, attrs: list[tuple[str, str | None]]) -> Element:
        made = Element(tag, {name: (value or "").replace("\xa0", " ") for name, value in attrs})
        self.open[-1].children.append(made)
        return made

    def handle_endtag(self, tag: str) -> None:
        if tag in (element.tag for element in self.open):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def tree(folder: Path) -> Element:
    """Return the page as it lies on the disk, before its script has run."""
    return _Tree((folder / "report.html").read_text()).open[0]


def embedded(page: Element) -> Any:
    """Return the data that the page's script draws its tables from; columns as lists of their values."""
    return _unfolded(json.loads(page.one("script", id="data").text))


def _unfolded(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() == {"v"}:
        return value["v"]
    if value.keys() in ({"t", "i"}, {"t", "n"}):
        return [value["t"][i] for i in value.get("i", [0] * value.get("n", 0))]
    return {name: _unfolded(inner) for name, inner in value.items()}


def lines(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Return columns as rows."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
