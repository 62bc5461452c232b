"""The many-facet model: a score is what the response deserves plus how its judge judges.

The linear form of the many-facet Rasch model (Linacre 1989), each response a parameter of its own,
so nothing about responses has to be assumed. Solved for judges only; responses drop out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from peerpact.audit.judges.clustered import LEAST_FREEDOM, within
from peerpact.audit.judges.signflip import Tested, student
from peerpact.audit.judges.table import LEAST_RUNS, Codes, Floats, first_rows, joint

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
    inverse: Floats
    """Of the information about the effects."""
    runs: Codes
    """How many runs each of these judges gave its scores in; 0 where the table does not say."""
    by_run: Floats
    """By run, each of which is one judge's."""

    def over_models(self, judge: int) -> bool:
        """Whether a judge scored enough models to know how its taste varies between them."""
        mine = self.models[self.judges == judge]
        return bool((mine > LEAST_FREEDOM).all())

    def over_runs(self, judge: int) -> bool:
        """Whether a judge's runs vary more than the models and items that it scored."""
        place = np.flatnonzero(self.judges == judge)
        if len(place) == 0:
            return False
        weights = self._against_others(place[0])
        varies = float(weights @ self.by_run @ weights)
        return self.runs[place[0]] >= LEAST_RUNS and varies > self._over_work(judge, weights)[1]

    def _against_others(self, place: int) -> Floats:
        weights = np.full(len(self.judges), -1 / (len(self.judges) - 1))
        weights[place] = 1.0
        return weights

    def _over_work(self, judge: int, weights: Floats) -> tuple[int, float]:
        """Return how many models, or items, a judge scored, and its variance over them."""
        by_model, by_item, by_both = (
            max(0.0, float(weights @ one @ weights))
            for one in (self.by_model, self.by_item, self.by_both)
        )
        if not self.over_models(judge):
            return self.items, by_item
        n = min(self.items, int(self.models[self.judges == judge][0]))
        return n, by_model * n / (n - 1) + max(0.0, by_item - by_both)

    def of(self, judge: int, level: float) -> Tested | None:
        """Return how much higher a judge scores than the mean of the other judges would."""
        place = np.flatnonzero(self.judges == judge)
        if len(place) == 0 or self.items < 2:
            return None
        weights = self._against_others(place[0])
        n, variance = self._over_work(judge, weights)
        if self.over_runs(judge):
            n, variance = int(self.runs[place[0]]), float(weights @ self.by_run @ weights)
        value = float(weights @ self.effects)
        error = sqrt(variance)
        if error == 0:
            return None
        return student(value, error, n - 1, level, "many_facet", n)


_NOTHING = np.zeros((0, 0))
_NONE = np.zeros(0, dtype=np.int64)
NOBODY = Severity(
    np.zeros(0), _NOTHING, _NOTHING, _NOTHING, _NONE, _NONE, 0, _NOTHING, _NONE, _NOTHING
)
"""No judges that could be set side by side."""


def severity(
    judge: Codes,
    response: Codes,
    item: Codes,
    model: Codes,
    score: Floats,
    judges: int,
    run: Codes | None = None,
) -> Severity:
    """Fit the model to the largest set of judges that are linked by common responses.

    Args:
        judge: Who gave each score.
        response: What it was given to.
        item: The item that this response answers.
        model: Who made it.
        score: The score.
        judges: How many judges there are, whether or not they scored.
        run: The run in which each score was given, where that is known.
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
    found = _fit(counts[kept][:, linked], totals[kept][:, linked], of[:, kept], linked)
    if run is None:
        return found
    place = np.full(judges, -1)
    place[linked] = np.arange(len(linked))
    rows = np.flatnonzero((place[judge] >= 0) & np.isin(response, kept))
    return _with_runs(found, place[judge[rows]], response[rows], score[rows], run[rows])


def _with_runs(
    found: Severity, place: Codes, response: Codes, score: Floats, run: Codes
) -> Severity:
    """Return the same with what the scores of a run have in common, which adds up in its judge's effect."""
    rest = within(score - found.effects[place], joint(response))
    of_judge = joint(run, place)
    sums, judge = np.bincount(of_judge, weights=rest), place[first_rows(of_judge)]
    runs = np.bincount(judge, minlength=len(found.judges))
    squares = np.bincount(judge, weights=sums**2, minlength=len(found.judges))
    scatter = np.diag(squares * runs / np.maximum(runs - 1, 1))
    return replace(found, runs=runs, by_run=found.inverse @ scatter @ found.inverse)


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
    unknown = np.zeros(len(judges), dtype=np.int64)
    nothing = np.zeros_like(inverse)
    return Severity(effects, by_item, by_model, by_both, judges, seen, n, inverse, unknown, nothing)


def _summed(rows: sparse.spmatrix, codes: Codes) -> sparse.csr_matrix:
    """Return the sums of the rows of each code."""
    shape = (int(codes.max()) + 1, len(codes))
    return sparse.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape) @ rows


def _sandwich(bread: Floats, scores: sparse.spmatrix) -> Floats:
    found: Floats = bread @ (scores.T @ scores).toarray() @ bread
    return found
