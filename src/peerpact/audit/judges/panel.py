"""What all judges gave to the same responses, without stakes, bars and partners as far as possible."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from peerpact.audit.judges.arms import baseline
from peerpact.audit.judges.facets import NOBODY, Severity, severity
from peerpact.audit.judges.families import FamilyMap, Kin, families_of, kinship
from peerpact.audit.judges.table import Bools, Codes, Floats, ScoreTable, joint

__all__ = ["Panel", "Sums"]


_LEAST_SHARE = 0.1


class Sums(NamedTuple):
    """Number and sum of scores of each response."""

    n: Floats
    total: Floats


@dataclass(frozen=True)
class Panel:
    """The judges of a table side by side. A response is one item as one model answered it."""

    table: ScoreTable
    families: FamilyMap

    @cached_property
    def _baseline(self) -> tuple[Codes, tuple[str, ...]]:
        return baseline(self.table)

    @property
    def rows(self) -> Codes:
        """Rows of the table that count as ordinary judging."""
        return self._baseline[0]

    @property
    def caveats(self) -> tuple[str, ...]:
        """Codes of what could not be kept out of these rows."""
        return self._baseline[1]

    @cached_property
    def plain(self) -> Bools:
        """Whether each row of the table is one of ``rows``."""
        found = np.zeros(self.table.rows, dtype=bool)
        found[self.rows] = True
        return found

    @property
    def has_responses(self) -> bool:
        """Whether the table says which item a score is for."""
        return "item" in self.table.labels

    @cached_property
    def response(self) -> Codes:
        """The response that each row of the table scores."""
        items = self.table.items
        codes = [self.table.codes(role) for role in ("judged", "group")]
        return joint(*codes, *([] if items is None else [items]))

    @cached_property
    def responses(self) -> int:
        """How many responses there are."""
        return int(self.response.max()) + 1

    def _sums(self, rows: Codes, scores: Floats) -> Sums:
        response = self.response[rows]
        n = np.bincount(response, minlength=self.responses).astype(np.float64)
        total = np.bincount(response, weights=scores[rows], minlength=self.responses)
        return Sums(n, total.astype(np.float64))

    @cached_property
    def severity(self) -> Severity:
        """How judges of common responses differ, with models of their own family left out."""
        items = self.table.items
        if items is None:
            return NOBODY
        rows = np.flatnonzero(self.impartial)
        judge = self.table.labels["judge"].codes[rows]
        judges = len(self.table.judges)
        model, score = self.table.codes("judged")[rows], self.table.score[rows]
        runs = self.table.runs_of(rows)
        return severity(judge, self.response[rows], items[rows], model, score, judges, runs)

    @cached_property
    def level(self) -> Floats:
        """The scores as they would be if every judge were as severe as the mean of the judges.

        So that it does not matter which of the other judges scored a response.
        """
        effects = np.zeros(len(self.table.judges) + 1)
        effects[self.severity.judges] = self.severity.effects
        return np.asarray(self.table.score - effects[self.table.labels["judge"].codes])

    @cached_property
    def _given(self) -> Sums:
        return self._sums(self.rows, self.table.score)

    @cached_property
    def _levelled(self) -> Sums:
        return self._sums(self.rows, self.level)

    def others(self, rows: Codes, *, levelled: bool = False) -> Floats:
        """Return for rows of one judge the mean score of the other judges; NaN for none.

        Args:
            rows: Rows of the table, all of one judge.
            levelled: Whether each judge's severity is taken off first.
        """
        scores = self.level if levelled else self.table.score
        sums = self._levelled if levelled else self._given
        response, mine = np.unique(self.response[rows], return_inverse=True)
        own = self.plain[rows]
        n = np.bincount(mine, weights=own)
        total = np.bincount(mine, weights=np.where(own, scores[rows], 0.0))
        rest = sums.n[response] - n
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(rest > 0, (sums.total[response] - total) / rest, np.nan)
        return np.asarray(mean[mine])

    @cached_property
    def judge_kin(self) -> list[Kin]:
        """The families of each judge."""
        labels = self.table.labels
        return families_of(labels["judge"], labels.get("judge_family"), self.families)

    @cached_property
    def judged_kin(self) -> list[Kin]:
        """The families of each judged model."""
        labels = self.table.labels
        return families_of(labels["judged"], labels.get("family"), self.families)

    @cached_property
    def own(self) -> Bools:
        """Whether each judge and each judged model are of one family; the last place is for nobody."""
        return np.pad(kinship(self.judge_kin, self.judged_kin), ((0, 1), (0, 1)))

    @cached_property
    def impartial(self) -> Bools:
        """Whether each row is ordinary judging of a model that is not kin to the judge.

        Where nearly all that a judge judged is kin, or kinship is unknown, all its rows are.
        """
        if "judged" not in self.table.labels:
            return self.plain
        judge, judged = (self.table.labels[role].codes for role in ("judge", "judged"))
        kin = self.own[judge, judged]
        size = len(self.table.judges) + 1
        all_rows = np.bincount(judge[self.plain] + 1, minlength=size)
        apart = np.bincount(judge[self.plain & ~kin] + 1, minlength=size)
        enough = apart >= _LEAST_SHARE * all_rows
        return np.asarray(self.plain & ~(kin & enough[judge + 1]))

    @cached_property
    def _outside(self) -> dict[bytes, Floats]:
        return {}

    def outside(self, judge: int, rows: Codes) -> Floats:
        """Return for rows the mean levelled score of judges kin to neither side; NaN for none."""
        strangers = ~kinship([self.judge_kin[judge]], self.judge_kin)[0]
        strangers &= np.array([bool(kin) for kin in self.judge_kin])
        key = strangers.tobytes()
        if key not in self._outside:
            judges = self.table.labels["judge"].codes[self.rows]
            judged = self.table.labels["judged"].codes[self.rows]
            chosen = self.rows[strangers[judges] & ~self.own[judges, judged]]
            n, total = self._sums(chosen, self.level)
            with np.errstate(invalid="ignore", divide="ignore"):
                self._outside[key] = np.where(n > 0, total / n, np.nan)
        return np.asarray(self._outside[key][self.response[rows]])
