"""Counts and arrays in, frozen results out: rates, contrasts, stopping, power, agreement."""

from peerpact.statistics.contrasts import (
    Difference,
    Equivalence,
    PairedDifference,
    difference,
    equivalence,
    paired,
    paired_arrays,
)
from peerpact.statistics.intervals import Interval
from peerpact.statistics.multiplicity import (
    Correction,
    average_e,
    benjamini_hochberg,
    e_benjamini_hochberg,
    holm,
)
from peerpact.statistics.rates import Bounds, bounds, rate

__all__ = [
    "Bounds",
    "Correction",
    "Difference",
    "Equivalence",
    "Interval",
    "PairedDifference",
    "average_e",
    "benjamini_hochberg",
    "bounds",
    "difference",
    "e_benjamini_hochberg",
    "equivalence",
    "holm",
    "paired",
    "paired_arrays",
    "rate",
]
