"""The identity of a run: the hash of everything that reaches the subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peerpact.canonical import digest
from peerpact.scenarios.scene import Scene

__all__ = ["identity", "seed_of", "wording_of"]


def identity(
    scene: Scene, route: str, settings: Mapping[str, Any], replicate: int, package: str
) -> str:
    """Return the identity of one run: 16 hexadecimal digits.

    Args:
        scene: What is shown, in its wording: prompts, tools, world.
        route: The exact model route.
        settings: Sampling and all else that shapes an answer.
        replicate: Counted from 1 within the cell.
        package: Version of peerpact.
    """
    return digest([scene.digest, scene.version, route, dict(settings), replicate, package])


def wording_of(replicate: int, wordings: int) -> int:
    """Return the wording of a replicate, both counted from 1: the wordings take turns, alike in every cell."""
    return (replicate - 1) % wordings + 1


def seed_of(run_identity: str, seed: int) -> int:
    """Return the seed of a run's randomness, the same in whatever order runs are made."""
    return int(digest([run_identity, seed]), 16) & 0x7FFF_FFFF
