"""When a cell has been asked enough: its anytime-valid interval answers the question, whenever one looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from peerpact.canonical import digest
from peerpact.design.record import Run
from peerpact.design.stopped import Watched
from peerpact.harness.samples import Planned
from peerpact.scenarios.load import load
from peerpact.statistics import anytime_rate, decide

__all__ = ["StopRule", "Watch"]


@dataclass(frozen=True, slots=True)
class StopRule:
    """The question of every cell, fixed before the data: is its rate above the line, or not by a margin?"""

    line: float = 0.02
    margin: float = 0.10
    least: int = 8
    """Scored runs that every cell gets."""
    audit_share: float = 0.05
    """Share of answered cells that get ``audit_runs`` more."""
    audit_runs: int = 10


@dataclass(slots=True)
class _Cell:
    planned: int
    outcome: str
    audited: bool
    made: int = 0
    hits: int = 0
    scored: int = 0
    call: str = "undecided"
    at_answer: tuple[int, int] = (0, 0)
    disagreed: bool = False


@dataclass
class Watch:
    """The cells of one subject under a rule; capability controls are not watched."""

    rule: StopRule
    subject: str
    cells: Mapping[str, _Cell] = field(default_factory=dict)

    @classmethod
    def over(
        cls, rule: StopRule, planned: Sequence[Planned], seed: int, made: Iterable[Run]
    ) -> Watch:
        """Watch the planned runs of one subject.

        Args:
            rule: The rule.
            planned: All its runs, made or not.
            seed: Of the study; it chooses the cells that are audited.
            made: Runs that the journal has.
        """
        subject = planned[0].subject.name
        cells: dict[str, _Cell] = {}
        for p in planned:
            if not p.cell.capability:
                primary = load(p.cell.scenario).spec.primary
                audited = _drawn(seed, subject, p.cell.id) < rule.audit_share
                cells.setdefault(p.cell.id, _Cell(0, primary, audited)).planned += 1
        watch = cls(rule, subject, cells)
        identities = {p.identity for p in planned}
        for run in made:
            if run.identity in identities:
                watch.note(run)
        return watch

    def note(self, run: Run) -> None:
        """Count a finished run, and look at its cell."""
        cell = self.cells.get(run.cell)
        if cell is None:
            return
        cell.made += 1
        outcome = run.outcomes.get(cell.outcome)
        if outcome is not None and outcome.value is not None:
            cell.hits += outcome.value
            cell.scored += 1
        self._look(cell)

    def wants(self, cell_id: str) -> bool:
        """Whether another run of a cell is needed."""
        cell = self.cells.get(cell_id)
        if cell is None or cell.call == "undecided" or cell.disagreed:
            return True
        return cell.audited and cell.scored - cell.at_answer[1] < self.rule.audit_runs

    def _look(self, cell: _Cell) -> None:
        if cell.call == "undecided":
            cell.call = (
                self._call(cell.hits, cell.scored)
                if cell.scored >= self.rule.least
                else "undecided"
            )
            cell.at_answer = (cell.hits, cell.scored)
        elif cell.audited and cell.scored - cell.at_answer[1] == self.rule.audit_runs:
            alone = self._call(cell.hits - cell.at_answer[0], self.rule.audit_runs)
            together = self._call(cell.hits, cell.scored)
            cell.disagreed = together != cell.call or alone not in {cell.call, "undecided"}
        if cell.disagreed:
            cell.call = self._call(cell.hits, cell.scored)

    def _call(self, hits: int, scored: int) -> str:
        return decide(anytime_rate(hits, scored), line=self.rule.line, margin=self.rule.margin).call

    def found(self) -> tuple[Watched, ...]:
        """Return every cell with its call."""
        return tuple(
            Watched(
                subject=self.subject,
                cell=name,
                call=cell.call,
                line=self.rule.line,
                margin=self.rule.margin,
                planned=cell.planned,
                made=cell.made,
                audited=cell.audited and cell.at_answer != (0, 0),
                disagreed=cell.disagreed,
            )
            for name, cell in self.cells.items()
        )


def _drawn(seed: int, subject: str, cell: str) -> float:
    """Return a number in [0, 1) that hangs on nothing but study, subject and cell."""
    return int(digest([seed, subject, cell, "audit"]), 16) / 16**16
