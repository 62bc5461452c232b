"""Each path and fact belongs to one factor; another that touches it must declare that it shares it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from peerpact.errors import StudyError
from peerpact.scenarios.load import LoadedScenario
from peerpact.worlds.overlay import Overlay

__all__ = ["check_ownership"]

PLACED = "material/"
"""What one factor puts here waits to be placed by another, which is no trespass."""


@lru_cache(maxsize=64)
def check_ownership(scenario: LoadedScenario) -> None:
    """Check every level of every factor of a scenario.

    Raises:
        StudyError: Two factors touch one path, and neither declares it.
    """
    touched: dict[str, tuple[str, str]] = {}
    for factor, level, path, where in _touched(scenario):
        for other, (owner, there) in touched.items():
            if owner == factor or not _overlap(path, other):
                continue
            if not _shared(scenario, factor, path) and not _shared(scenario, owner, other):
                raise StudyError(
                    f"the factor {factor!r} touches {path} in its level {level!r}, which belongs to "
                    f"{owner!r} ({there})",
                    where=where,
                    hint=f"give it a path of its own, or declare 'shares: [{path}]' in {factor!r}",
                )
        touched.setdefault(path, (factor, where))


def _touched(scenario: LoadedScenario) -> Iterator[tuple[str, str, str, str]]:
    levels = [(f, level) for f, spec in scenario.factors.items() for level in spec.levels]
    for factor, level in levels:
        for overlay in scenario.overlays(factor, level):
            path = _path(overlay)
            if path:
                yield factor, level, path, overlay.where


def _path(overlay: Overlay) -> str:
    """The path that an overlay changes; empty where it only places what waits."""
    waits = overlay.path.startswith(PLACED)
    if waits and (overlay.op in {"move", "remove"} or not overlay.value):
        return ""
    return overlay.path


def _overlap(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/")


def _shared(scenario: LoadedScenario, factor: str, path: str) -> bool:
    return any(_overlap(path, declared) for declared in scenario.factors[factor].shares)
