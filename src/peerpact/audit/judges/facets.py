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

from peerpact.audit.judges.signflip import Tested
from peerpact.audit.judges.table import Codes, Floats, joint

__all__ = ["NOBODY", "Severity", "severity"]


@dataclass(frozen=True, slots=True, eq=False)
class Severity:
    """Effects of judges and their covariance, clustered by item; ``judges`` maps a judge to its place."""

    effects: Floats
    covariance: Floats
    judges: Codes
    items: int

    def of(self, judge: int, level: float) -> Tested | None:
        """Return how much higher a judge scores than the mean of the other judges would."""
        place = np.flatnonzero(self.judges == judge)
        if len(place) == 0 or self.items < 2:
            return None
        weights = np.full(len(self.judges), -1 / (len(self.judges) - 1))
        weights[place[0]] = 1.0
        value = float(weights @ self.effects)
        error = sqrt(max(0.0, float(weights @ self.covariance @ weights)))
        if error == 0:
            return None
        freedom = self.items - 1
        reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error
        p = 2 * float(stats.t.sf(abs(value) / error, freedom))
        return Tested(value, value - reach, value + reach, p, error, "many_facet", self.items)


NOBODY = Severity(np.zeros(0), np.zeros((0, 0)), np.zeros(0, dtype=np.int64), 0)
"""No judges that could be set side by side."""


def severity(judge: Codes, response: Codes, item: Codes, score: Floats, judges: int) -> Severity:
    """Fit the model to the largest set of judges that are linked by common responses.

    Args:
        judge: Who gave each score.
        response: What it was given to.
        item: The item that this response answers.
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
    item_of = np.zeros(shape[0], dtype=np.int64)
    item_of[response] = item
    return _fit(counts[kept][:, linked], totals[kept][:, linked], joint(item_of[kept]), linked)


def _linked(counts: sparse.csr_matrix) -> Codes:
    seen = (counts > 0).astype(np.int64)
    groups = connected_components(seen.T @ seen, directed=False)[1]
    active = np.asarray(counts.sum(axis=0)).ravel() > 0
    if not active.any():
        return np.zeros(0, dtype=np.int64)
    largest = np.bincount(groups[active]).argmax()
    return np.flatnonzero(active & (groups == largest)).astype(np.int64)


def _fit(
    counts: sparse.csr_matrix, totals: sparse.csr_matrix, items: Codes, judges: Codes
) -> Severity:
    size = np.asarray(counts.sum(axis=1)).ravel()
    used = size > 0
    counts, totals, items, size = counts[used], totals[used], joint(items[used]), size[used]
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
    clusters = int(items.max()) + 1
    member = sparse.csr_matrix(
        (np.ones(len(items)), (items, np.arange(len(items)))), shape=(clusters, len(items))
    )
    by_item = member @ residual.tocsr()
    middle = (by_item.T @ by_item).toarray() * clusters / max(clusters - 1, 1)
    return Severity(effects, inverse @ middle @ inverse, judges, clusters)
