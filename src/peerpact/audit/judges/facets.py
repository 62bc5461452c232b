"""The many-facet model: a score is what the response deserves plus how its judge judges.

The linear form of the many-facet Rasch model (Linacre 1989), each response a parameter of its own,
so nothing about responses has to be assumed. Solved for judges only; responses drop out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import sparse, stats
from scipy.sparse.csgraph import connected_components

from peerpact.audit.judges.clustered import LEAST_FREEDOM
from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Codes, Floats, joint

__all__ = ["NOBODY", "Severity", "severity"]


@dataclass(frozen=True, slots=True, eq=False)
class Severity:
    """Effects of judges and their covariances; ``judges`` maps a judge to its place."""

    effects: Floats
    by_item: Floats
    by_model: Floats
    """By judged model: a judge may have a taste for single ones. Not corrected for their number."""
    by_both: Floats
    """By response, which is in one item and of one model."""
    judges: Codes
    models: Codes
    """How many judged models each of these judges scored."""
    items: int

    def over_models(self, judge: int) -> bool:
        """Whether a judge scored enough models to know how its taste varies between them."""
        mine = self.models[self.judges == judge]
        return bool((mine > LEAST_FREEDOM).all())

    def of(self, judge: int, level: float) -> Tested | None:
        """Return how much higher a judge scores than the mean of the other judges would."""
        place = np.flatnonzero(self.judges == judge)
        if len(place) == 0 or self.items < 2:
            return None
        weights = np.full(len(self.judges), -1 / (len(self.judges) - 1))
        weights[place[0]] = 1.0
        value = float(weights @ self.effects)
        by_model, by_item, by_both = (
            max(0.0, float(weights @ one @ weights))
            for one in (self.by_model, self.by_item, self.by_both)
        )
        n, variance = self.items, by_item
        if self.over_models(judge):
            n = min(n, int(self.models[place[0]]))
            variance = by_model * n / (n - 1) + max(0.0, by_item - by_both)
        error = sqrt(variance)
        if error == 0:
            return None
        freedom = n - 1
        reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error
        p = 2 * float(stats.t.sf(abs(value) / error, freedom))
        return Tested(value, value - reach, value + reach, p, error, "many_facet", n)


_NOTHING = np.zeros((0, 0))
_NONE = np.zeros(0, dtype=np.int64)
NOBODY = Severity(np.zeros(0), _NOTHING, _NOTHING, _NOTHING, _NONE, _NONE, items=0)
"""No judges that could be set side by side."""


def severity(
    judge: Codes, response: Codes, item: Codes, model: Codes, score: Floats, judges: int
) -> Severity:
    """Fit the model to the largest set of judges that are linked by common responses.

    Args:
        judge: Who gave each score.
        response: What it was given to.
        item: The item that this response answers.
        model: Who made it.
        score: The score.
        judges: How many judges there are, whether or not they scored.
    """
    if len(score) == 0:
        return NOBODY
    response = joint(response)
    shape = (int(response.max()) + 1, judges)
    counts = sparse.csr_matrix((np.ones(len(score)), (response, judge)), shape=shape)
    kept = np.flatnonzero(counts.getnnz(axis=1) > 1)
    linked = _linked(counts[kept])
    if len(linked) < 2:
        return NOBODY
    totals = sparse.csr_matrix((score, (response, judge)), shape=shape)
    of = np.zeros((2, shape[0]), dtype=np.int64)
    of[:, response] = item, model
    return _fit(counts[kept][:, linked], totals[kept][:, linked], of[:, kept], linked)


def _linked(counts: sparse.csr_matrix) -> Codes:
    seen = (counts > 0).astype(np.int64)
    groups = connected_components(seen.T @ seen, directed=False)[1]
    active = np.asarray(counts.sum(axis=0)).ravel() > 0
    if not active.any():
        return np.zeros(0, dtype=np.int64)
    largest = np.bincount(groups[active]).argmax()
    return np.flatnonzero(active & (groups == largest)).astype(np.int64)


def _fit(
    counts: sparse.csr_matrix, totals: sparse.csr_matrix, of: Codes, judges: Codes
) -> Severity:
    size = np.asarray(counts.sum(axis=1)).ravel()
    used = size > 0
    counts, totals, of, size = counts[used], totals[used], of[:, used], size[used]
    per_response = sparse.diags(1 / size)
    mean = np.asarray(totals.sum(axis=1)).ravel() / size
    information = (
        np.diag(np.asarray(counts.sum(axis=0)).ravel())
        - (counts.T @ per_response @ counts).toarray()
    )
    inverse = np.linalg.pinv(information, hermitian=True)
    scores = np.asarray(totals.sum(axis=0)).ravel() - counts.T @ mean
    effects = inverse @ scores
    expected = mean - (counts @ effects) / size
    residual = totals - counts.multiply(expected[:, None]) - counts.multiply(effects[None, :])
    items, models = joint(of[0]), joint(of[1])
    n = int(items.max()) + 1
    many = n / max(n - 1, 1)
    by_item = many * _sandwich(inverse, _summed(residual, items))
    by_both = many * _sandwich(inverse, residual)
    by_model = _sandwich(inverse, _summed(residual, models))
    seen = _summed(counts, models).getnnz(axis=0)
    return Severity(effects, by_item, by_model, by_both, judges, seen, n)


def _summed(rows: sparse.spmatrix, codes: Codes) -> sparse.csr_matrix:
    """Return the sums of the rows of each code."""
    shape = (int(codes.max()) + 1, len(codes))
    return sparse.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape) @ rows


def _sandwich(bread: Floats, scores: sparse.spmatrix) -> Floats:
    found: Floats = bread @ (scores.T @ scores).toarray() @ bread
    return found
