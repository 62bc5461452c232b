"""Vega-Lite to SVG: the drawings by name, the colours, and a check of what comes out.

A specification is data (``drawings.yaml``). Inks and series have fixed colours that the page's style replaces
in the dark; a file that is downloaded keeps the light ones.
"""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from markupsafe import Markup

from peerpact.report import engine
from peerpact.report.visible import visible, visible_tree
from peerpact.text import read_yaml

__all__ = ["Panel", "draw"]

SHORT = 16
"""Characters of a legend's entry beside which another has room."""
_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {
    "svg",
    "g",
    "path",
    "text",
    "tspan",
    "line",
    "rect",
    "circle",
    "defs",
    "clipPath",
    "title",
}


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing."""

    title: str
    alt: str
    svg: Markup


@lru_cache(maxsize=1)
def _drawings() -> dict[str, Any]:
    return read_yaml(Path(__file__).parent / "drawings.yaml")  # type: ignore[no-any-return]


def draw(
    name: str, title: str, rows: Sequence[dict[str, Any]], alt: str, names: Sequence[str] = ()
) -> Panel:
    """Draw rows.

    Args:
        name: Which drawing of ``drawings.yaml``.
        title: What stands above it.
        rows: Its data.
        alt: Its text alternative.
        names: All series of the figure in their order, so that each looks the same in every panel.
    """
    found = _drawings()
    spec = copy.deepcopy(found["drawings"][name])
    spec["config"] = found["config"]
    spec["data"] = {"values": visible_tree(list(rows))}
    svg = _svg(orjson.dumps(_fitted(spec, rows, title, names)))
    return Panel(visible(title), visible(alt), svg)


@lru_cache(maxsize=256)
def _svg(specification: bytes) -> Markup:
    """Return the checked picture of a specification; a page made again draws what changed only."""
    return _checked(engine.svg(specification))


def _fitted(
    spec: dict[str, Any], rows: Sequence[dict[str, Any]], title: str, names: Sequence[str]
) -> dict[str, Any]:
    """Fill what depends on the rows: order of subjects and series, colours and shapes."""
    encoding = spec["encoding"]
    if "color" in encoding:
        _colour(encoding, rows, names)
    if "y" in encoding and encoding["y"].get("field") == "subject":
        encoding["y"]["sort"] = list(dict.fromkeys(visible(str(row["subject"])) for row in rows))
    if encoding.get("x", {}).get("title") == "TITLE":
        encoding["x"]["title"] = title
    return spec


def _colour(encoding: dict[str, Any], rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    inks = _drawings()["series"]
    present = {row["series"] for row in rows}
    every = list(names) or list(dict.fromkeys(row["series"] for row in rows))
    styles = {name: inks[i % len(inks)] for i, name in enumerate(every) if name in present}
    shown = [visible(str(name)) for name in styles]
    encoding["color"]["scale"] = {"domain": shown, "range": [s["color"] for s in styles.values()]}
    encoding["color"]["legend"] = {"columns": 1 if max(map(len, shown)) > SHORT else 2}
    encoding["yOffset"]["sort"] = shown
    if "shape" in encoding:
        encoding["shape"]["scale"] = {
            "domain": shown,
            "range": [s["shape"] for s in styles.values()],
        }
        encoding["shape"]["legend"] = encoding["color"]["legend"]


def _checked(svg: str) -> Markup:
    """Return the SVG as markup if it holds drawing only; the text alternative stands around it."""
    root = ET.fromstring(svg)
    for element in root.iter():
        name = element.tag.removeprefix(_SVG)
        loud = [
            key for key in element.attrib if key.startswith("on") or key.endswith(("href", "style"))
        ]
        if name not in _ELEMENTS or loud:
            raise ValueError(f"a drawing may not hold {name} {loud}")
        for key in [key for key in element.attrib if key == "role" or key.startswith("aria-")]:
            del element.attrib[key]
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    ET.register_namespace("", _SVG.strip("{}"))
    return Markup(ET.tostring(root, encoding="unicode"))
