"""Claims about every scenario or study: some are checked in `make test`, the rest with the slow tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def quickly(names: Iterable[Any], quick: Collection[Any]) -> list[Any]:
    """Return the names as parameters of a test; those that are not ``quick`` are slow."""
    return [n if n in quick else pytest.param(n, marks=pytest.mark.slow) for n in names]
