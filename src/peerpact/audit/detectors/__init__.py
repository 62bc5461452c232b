"""Every question that an audit asks, found by listing the modules of this package."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from peerpact.audit.detector import Detector, load
from peerpact.errors import StudyError, allowed

__all__ = ["detector", "detectors"]


@lru_cache(maxsize=1)
def detectors() -> tuple[Detector, ...]:
    """Return every detector, by name."""
    names = sorted(found.name for found in iter_modules(__path__))
    return tuple(load(import_module(f"{__name__}.{name}")) for name in names)


def detector(name: str) -> Detector:
    """Return the detector called ``name``.

    Raises:
        StudyError: There is none.
    """
    for found in detectors():
        if found.name == name:
            return found
    names = (d.name for d in detectors())
    raise StudyError("unknown detector", found=name, hint=allowed(name, names))
