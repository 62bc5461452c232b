"""The study of the self-test: its arms, in every scenario that has their levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from peerpact.design.study import Study
from peerpact.scenarios.load import LoadedScenario, load, names, parse
from peerpact.text import read_yaml

__all__ = ["planted_study", "stands"]

FILE = Path(__file__).parent / "study.yaml"


@lru_cache(maxsize=4)
def planted_study(file: Path = FILE, scenarios: tuple[str, ...] = ()) -> Study:
    """Return the study over the scenarios named, or over all that can be found.

    An arm stands only where its levels exist and do not exclude each other; a contrast, only where a scenario
    has both of its arms.
    """
    written: dict[str, Any] = read_yaml(file)
    found = [load(name) for name in scenarios or names()]
    places = {arm: _places(spec, found) for arm, spec in written["arms"].items()}
    arms = {
        arm: {**spec, "scenarios": places[arm]}
        for arm, spec in written["arms"].items()
        if places[arm]
    }
    contrasts = [
        contrast
        for contrast in written["contrasts"]
        if set(places[contrast["from"]]) & set(places[contrast["to"]])
    ]
    content = {**written, "arms": arms, "contrasts": contrasts}
    everywhere: dict[str, Any] = {scenario.name: {} for scenario in found}
    return parse(Study, {"name": "selftest", **content, "scenarios": everywhere}, file)


def _places(arm: Mapping[str, Any], found: Iterable[LoadedScenario]) -> tuple[str, ...]:
    return tuple(s.name for s in found if stands(s, arm.get("levels", {})))


def stands(scenario: LoadedScenario, levels: Mapping[str, str]) -> bool:
    """Whether a scenario has these levels, and they do not exclude each other."""
    if not all(
        f in scenario.factors and level in scenario.factors[f].levels for f, level in levels.items()
    ):
        return False
    full = {f: levels.get(f, factor.default) for f, factor in scenario.factors.items()}
    return not scenario.excluded(full)
