"""The folder of a scenario: every file is used, every tool granted, every title there, the canary in place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from peerpact.scenarios.load import LoadedScenario
from peerpact.scenarios.spec import Extension, Factor, OverlaySpec
from peerpact.scenarios.wordings import wordings_file
from peerpact.text import read_text, read_yaml

__all__ = ["check_files", "files_named"]

KNOWN = ("scenario.yaml", "outcomes.py", "scripts.yaml", "README.md", "tools.yaml", "eval.yaml")
"""Files that are read by their name."""
MARKED = ("scenario.yaml", "README.md")
REFERENCES = ("text", "data", "sheet", "truth")
CANARY_LINE = "canary peerpact:7f0c6a52-3d0e-4c39-9b4e-2a1f5f5f8c11"
CANARY = re.compile(r"canary:?\s+\S+:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)


def check_files(scenario: LoadedScenario) -> Iterator[str]:
    """Yield what is wrong with the files of a scenario, as files."""
    for name in MARKED:
        if not CANARY.search(read_text(scenario.folder / name)):
            yield f"{scenario.name}/{name}: there is no canary; add a line with {CANARY_LINE!r}"
    used = files_named(scenario)
    for path in _files(scenario.folder):
        if path not in used and path.relative_to(scenario.folder).as_posix() not in KNOWN:
            yield f"{scenario.name}/{path.relative_to(scenario.folder).as_posix()}: nothing uses this file"
    yield from _unused_tools(scenario)
    yield from _untitled(scenario)


def files_named(scenario: LoadedScenario) -> frozenset[Path]:
    """Return the files that base, factors and levels name, those under ``shared/`` too, and their wordings."""
    names = [scenario.spec.questions] if scenario.spec.questions else []
    names += [f for f in scenario.spec.factors.values() if isinstance(f, str)]
    for spec in _overlays(scenario):
        names += [name for name in (spec.text, spec.data) if name is not None]
        names += [name for source, name in _references(spec.value) if source in REFERENCES]
    spoken = (wordings_file(path) for path in scenario.sources.spoken(_overlays(scenario)))
    return frozenset({*(scenario.sources.path(name) for name in names), *spoken})


def _files(folder: Path) -> list[Path]:
    """Return the files that somebody wrote: no hidden ones, no byte code."""
    found = (p for p in sorted(folder.rglob("*")) if p.is_file())
    parts = ((p, p.relative_to(folder).parts) for p in found)
    return [p for p, names in parts if not any(n.startswith((".", "__pycache__")) for n in names)]


def _overlays(scenario: LoadedScenario) -> Iterator[OverlaySpec]:
    yield from scenario.spec.base
    for factor in scenario.factors.values():
        for level in factor.levels.values():
            yield from level.overlays


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield what stands for something else inside a value: ``{text: FILE}``, ``{tool: NAME}``."""
    if not isinstance(value, Mapping):
        return
    if len(value) == 1:
        yield from ((str(k), v) for k, v in value.items() if isinstance(v, str))
    for child in value.values():
        yield from _references(child)


def _unused_tools(scenario: LoadedScenario) -> Iterator[str]:
    path = scenario.folder / "tools.yaml"
    if not path.is_file():
        return
    placed = (r for spec in _overlays(scenario) for r in _references(spec.value))
    granted = {*scenario.spec.tools, *(name for source, name in placed if source == "tool")}
    for name in read_yaml(path):
        if name not in granted:
            yield f"{scenario.name}/tools.yaml:{name}: nothing grants this tool"


def _untitled(scenario: LoadedScenario) -> Iterator[str]:
    for where, text in _titles(scenario):
        if not text.strip():
            yield f"{scenario.name}/scenario.yaml:{where}: this is empty"


def _titles(scenario: LoadedScenario) -> Iterable[tuple[str, str]]:
    spec = scenario.spec
    yield from (("title", spec.title), ("summary", spec.summary))
    yield from ((f"outcomes/{n}/sentence", o.sentence) for n, o in spec.outcomes.items())
    for name, factor in _own_factors(spec.factors).items():
        yield f"factors/{name}/title", factor.title
        for level, made in factor.levels.items():
            yield f"factors/{name}/levels/{level}/title", made.title


def _own_factors(factors: Mapping[str, Factor | Extension | str]) -> dict[str, Factor]:
    return {name: factor for name, factor in factors.items() if isinstance(factor, Factor)}
