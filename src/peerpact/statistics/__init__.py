"""Counts and arrays in, frozen results out: rates, contrasts, stopping, power, agreement."""

from peerpact.statistics.agreement import cohen_kappa, krippendorff_alpha
from peerpact.statistics.clusters import (
    ClusteredDifference,
    ClusteredRate,
    clustered_difference,
    clustered_rate,
)
from peerpact.statistics.combinations import Combination, combined_means, combined_rates
from peerpact.statistics.contrasts import (
    Difference,
    Equivalence,
    PairedDifference,
    agreeing,
    difference,
    equivalence,
    paired,
    paired_arrays,
)
from peerpact.statistics.coverage import Coverage, anytime_coverage, coverage, coverage_at
from peerpact.statistics.intervals import Interval
from peerpact.statistics.judges import Calibration, Corrected, rogan_gladen
from peerpact.statistics.linear import CellMean, Effect, Factorial, factorial
from peerpact.statistics.models import MixedLogit, mixed_logit
from peerpact.statistics.multiplicity import (
    Correction,
    average_e,
    benjamini_hochberg,
    e_benjamini_hochberg,
    holm,
)
from peerpact.statistics.pooling import (
    CellReview,
    Rule,
    Simulated,
    audit_disagrees,
    review,
    simulate,
)
from peerpact.statistics.power import (
    detectable,
    equivalence_margin,
    power_for_difference,
    precision,
    runs_for_difference,
    runs_for_equivalence,
    runs_for_precision,
    wordings_error,
)
from peerpact.statistics.rates import Bounds, bounds, rate
from peerpact.statistics.sequential import (
    Decision,
    anytime_combination,
    anytime_difference,
    anytime_mean,
    anytime_paired,
    anytime_rate,
    decide,
    e_value,
)
from peerpact.statistics.shrinkage import Shrunk, shrink

__all__ = [
    "Bounds",
    "Calibration",
    "CellMean",
    "CellReview",
    "ClusteredDifference",
    "ClusteredRate",
    "Combination",
    "Corrected",
    "Correction",
    "Coverage",
    "Decision",
    "Difference",
    "Effect",
    "Equivalence",
    "Factorial",
    "Interval",
    "MixedLogit",
    "PairedDifference",
    "Rule",
    "Shrunk",
    "Simulated",
    "agreeing",
    "anytime_combination",
    "anytime_coverage",
    "anytime_difference",
    "anytime_mean",
    "anytime_paired",
    "anytime_rate",
    "audit_disagrees",
    "average_e",
    "benjamini_hochberg",
    "bounds",
    "clustered_difference",
    "clustered_rate",
    "cohen_kappa",
    "combined_means",
    "combined_rates",
    "coverage",
    "coverage_at",
    "decide",
    "detectable",
    "difference",
    "e_benjamini_hochberg",
    "e_value",
    "equivalence",
    "equivalence_margin",
    "factorial",
    "holm",
    "krippendorff_alpha",
    "mixed_logit",
    "paired",
    "paired_arrays",
    "power_for_difference",
    "precision",
    "rate",
    "review",
    "rogan_gladen",
    "runs_for_difference",
    "runs_for_equivalence",
    "runs_for_precision",
    "shrink",
    "simulate",
    "wordings_error",
]
