"""Do the detectors of an audit find what their labelled cases hold, and nothing else?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from peerpact.audit.cases import Error, measure
from peerpact.audit.detector import Detector
from peerpact.audit.detectors import detectors
from peerpact.report.wording import percent
from peerpact.selftest.check import Check
from peerpact.text import counted

__all__ = ["check_detectors"]

LEAST = 0.8
"""Precision and recall on its cases below which a detector is not to be trusted."""


def check_detectors(measured: Callable[[Detector], Error] = measure) -> Iterator[Check]:
    """Run every detector over its labelled cases; known misses are among them and count."""
    for detector in detectors():
        error = measured(detector)
        found = (
            f"precision {percent(error.precision)}, recall {percent(error.recall)} "
            f"on {counted(error.cases, 'case')}"
        )
        wrong = [f"false: {claim}" for claim in error.false]
        wrong += [f"missed: {claim}" for claim in error.missed]
        passed = min(error.precision or 0.0, error.recall or 0.0) >= LEAST
        wanted = f"both at least {percent(LEAST)}"
        yield Check("detector", detector.name, wanted, found, passed, "; ".join(wrong))
