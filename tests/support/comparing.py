"""A comparison of two arms as a judge's scores make it, with values that a test chooses."""

from __future__ import annotations

import numpy as np

from peerpact.audit.judges.comparison import Comparison


def comparison(values, arm, strata=None, items=None, weights=(-1.0, 1.0)) -> Comparison:  # type: ignore[no-untyped-def]
    arm = np.asarray(arm)
    return Comparison(
        judge="j",
        question="stakes",
        quantity="effect",
        scope="",
        control="stakes",
        values=np.asarray(values, dtype=np.float64),
        arm=arm,
        weights=weights,
        strata=np.zeros(len(arm), dtype=np.int64) if strata is None else np.asarray(strata),
        items=None if items is None else np.asarray(items),
        rows=np.arange(len(arm)),
    )
