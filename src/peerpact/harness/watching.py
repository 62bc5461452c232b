"""When a cell has been asked enough: it is looked at after every run, by itself or with the cells of its pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from peerpact.canonical import digest
from peerpact.design.cells import Cell
from peerpact.design.record import Run
from peerpact.design.stopped import StopRule, Watched
from peerpact.harness.samples import Planned
from peerpact.scenarios.load import load
from peerpact.statistics import CellReview, audit_disagrees, review

__all__ = ["StopRule", "Watch"]

Counts = NDArray[np.int64]


@dataclass(slots=True)
class _Cell:
    id: str
    outcome: str
    chosen: bool
    """Whether an answer of its pool is audited."""
    planned: int = 0
    made: int = 0
    hits: int = 0
    scored: int = 0
    state: CellReview | None = None
    audit: _Audit | None = None
    audited: bool = False


@dataclass(frozen=True, slots=True)
class _Audit:
    """Hits and scored runs of its pool, its place there, and its call, when a cell was answered."""

    hits: Counts
    scored: Counts
    place: int
    call: str

    def since(self, cell: _Cell) -> tuple[int, int]:
        """Return the hits and the scored runs that came after."""
        return cell.hits - int(self.hits[self.place]), cell.scored - int(self.scored[self.place])


@dataclass(slots=True)
class _Pool:
    """Cells that inform each other; a cell that is judged alone is a pool of one."""

    rule: StopRule
    cells: list[_Cell] = field(default_factory=list)
    broken: bool = False

    def counts(self) -> tuple[Counts, Counts]:
        return (
            np.array([cell.hits for cell in self.cells]),
            np.array([cell.scored for cell in self.cells]),
        )

    def look(self) -> list[_Cell]:
        """Look at every cell that is open; return those whose state changed."""
        hits, scored = self.counts()
        found = review(hits, scored, self.rule.over(len(self.cells)), broken=self.broken)
        changed = []
        for place, (cell, state) in enumerate(zip(self.cells, found, strict=True)):
            if not _open(cell):
                continue
            if cell.audit is None and cell.chosen and state.answered and state.basis == "group":
                cell.audit, cell.audited = _Audit(hits, scored, place, state.call), True
            if cell.state is None or _shown(cell.state) != _shown(state):
                changed.append(cell)
            cell.state = state
        return self._break() if any(map(self._disagrees, self.cells)) else changed

    def _disagrees(self, cell: _Cell) -> bool:
        """End the audit of a cell that has its further runs; say whether they speak against the answer."""
        before = cell.audit
        if before is None or cell.state is None:
            return False
        hits, runs = before.since(cell)
        if runs < self.rule.audit_runs and cell.made < cell.planned:
            return False
        cell.audit, cell.chosen = None, False
        turned = {before.call, cell.state.call} == {"elevated", "not_elevated"}
        rule = self.rule.over(len(self.cells))
        return turned or audit_disagrees(before.hits, before.scored, before.place, hits, runs, rule)

    def _break(self) -> list[_Cell]:
        """Open every cell again, each judged on its own runs from now on."""
        self.broken = True
        for cell in self.cells:
            cell.state, cell.audit = None, None
        self.look()
        return self.cells


def _open(cell: _Cell) -> bool:
    return cell.state is None or not cell.state.answered or cell.audit is not None


def _shown(state: CellReview) -> tuple[str, bool]:
    return state.call, state.answered


@dataclass
class Watch:
    """The cells of one subject under a rule; capability controls are not watched."""

    rule: StopRule
    subject: str
    pools: Mapping[str, _Pool] = field(default_factory=dict)
    """Cell id → its pool."""
    changed: Callable[[Sequence[Watched]], None] = lambda _: None
    """Called with cells whose state changed."""

    @classmethod
    def over(
        cls, rule: StopRule, planned: Sequence[Planned], seed: int, made: Iterable[Run]
    ) -> Watch:
        """Watch the planned runs of one subject.

        Args:
            rule: The rule.
            planned: All its runs, made or not.
            seed: Of the study; it chooses the cells that are audited.
            made: Runs that the journal has, in its order.
        """
        subject = planned[0].subject.name
        cells: dict[str, _Cell] = {}
        pools: dict[str, _Pool] = {}
        shared: dict[str, _Pool] = {}
        for p in (p for p in planned if not p.cell.capability):
            if p.cell.id not in cells:
                pool = shared.setdefault(_alike(p.cell, rule), _Pool(rule))
                chosen = _drawn(seed, subject, p.cell.id) < rule.audit_share
                cells[p.cell.id] = _Cell(p.cell.id, load(p.cell.scenario).spec.primary, chosen)
                pool.cells.append(cells[p.cell.id])
                pools[p.cell.id] = pool
            cells[p.cell.id].planned += 1
        watch = cls(rule, subject, pools)
        identities = {p.identity for p in planned}
        for run in made:
            if run.identity in identities:
                watch.note(run)
        return watch

    def note(self, run: Run) -> None:
        """Count a finished run, and look at its cell and those of its pool."""
        pool = self.pools.get(run.cell)
        if pool is None:
            return
        cell = _find(pool, run.cell)
        cell.made += 1
        outcome = run.outcomes.get(cell.outcome)
        if outcome is not None and outcome.value is not None:
            cell.hits += outcome.value
            cell.scored += 1
        changed = pool.look()
        if changed:
            self.changed([self._state(pool, one) for one in changed])

    def wants(self, cell_id: str) -> bool:
        """Whether another run of a cell is needed."""
        pool = self.pools.get(cell_id)
        return pool is None or _open(_find(pool, cell_id))

    def found(self) -> tuple[Watched, ...]:
        """Return every cell with its call."""
        return tuple(self._state(pool, _find(pool, name)) for name, pool in self.pools.items())

    def _state(self, pool: _Pool, cell: _Cell) -> Watched:
        state, rule = cell.state, self.rule
        by_pool = state is not None and state.basis == "group"
        interval = state.interval if state is not None and by_pool else None
        return Watched(
            subject=self.subject,
            cell=cell.id,
            call=state.call if state else "undecided",
            answered=state is not None and state.answered,
            basis="group" if by_pool else "own",
            question=rule.question,
            line=rule.line,
            margin=rule.margin,
            width=rule.width,
            planned=cell.planned,
            pool=len(pool.cells),
            broken=pool.broken,
            audited=cell.audited,
            value=interval.value if interval else None,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
        )


def _find(pool: _Pool, cell_id: str) -> _Cell:
    return next(cell for cell in pool.cells if cell.id == cell_id)


def _alike(cell: Cell, rule: StopRule) -> str:
    """Return what cells of one pool have in common; without a declaration each cell has its own."""
    if not rule.exchangeable:
        return cell.id
    return digest(
        [
            cell.scenario,
            {f: level for f, level in cell.levels.items() if f not in rule.exchangeable},
        ]
    )


def _drawn(seed: int, subject: str, cell: str) -> float:
    """Return a number in [0, 1) that hangs on nothing but study, subject and cell."""
    return int(digest([seed, subject, cell, "audit"]), 16) / 16**16
