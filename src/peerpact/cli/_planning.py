"""A study with its costs, before a model is touched: for ``plan`` and for ``run --dry-run``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from peerpact.design.cells import Cell, spread, taken
from peerpact.design.compiler import VENDOR, Compiled, compile_study
from peerpact.design.rendering import rendered
from peerpact.design.study import Study
from peerpact.harness.budget import cost_of
from peerpact.harness.fitting import fitting
from peerpact.harness.forecast import Use, expected
from peerpact.subjects.spec import Subject, price

__all__ = ["Part", "Planning"]

Prices = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Part:
    """What one subject needs for its part of a study."""

    subject: Subject
    cells: tuple[Cell, ...]
    runs: int
    """A cell."""
    price: tuple[float, float] | None
    """US dollars per million tokens in and out; None is unknown."""
    uses: Mapping[str, Use] = field(repr=False)
    """Cell id → what a run uses."""

    @property
    def use(self) -> Use:
        """What all its runs use."""
        columns = zip(*(self.uses[cell.id] for cell in self.cells), strict=True)
        return Use(*(self.runs * sum(column) for column in columns))

    @property
    def total(self) -> int:
        """All its runs."""
        return self.runs * len(self.cells)

    @property
    def cost(self) -> float | None:
        """US dollars; None where the price is unknown."""
        return cost_of(self.price, self.use.tokens_in, self.use.tokens_out)

    @property
    def costs(self) -> dict[str, float] | None:
        """Cell id → US dollars a run; None where the price is unknown."""
        if self.price is None:
            return None
        each = {cell.id: self.uses[cell.id] for cell in self.cells}
        return {id: cost_of(self.price, u.tokens_in, u.tokens_out) or 0.0 for id, u in each.items()}

    @property
    def needs(self) -> str:
        """What its cells need beyond the package."""
        return ", ".join(sorted({cell.needs for cell in self.cells if cell.needs}))

    def row(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "subject": self.subject.name,
            "route": self.subject.route,
            "cells": len(self.cells),
            "runs": self.total,
            **self.use._asdict(),
            "cost": self.cost,
            "needs": self.needs,
        }


@dataclass(frozen=True, slots=True)
class Planning:
    """A proved study with its costs."""

    compiled: Compiled
    parts: tuple[Part, ...]
    left_out: tuple[str, ...] = ()
    """Cells that are none for a subject, with the reason."""
    limited: bool = False
    """Whether each subject takes only so many cells."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that are run: all of the study, or those that a subject takes of a limited number."""
        taken = {cell.id for part in self.parts for cell in part.cells}
        every = self.compiled.cells
        return tuple(cell for cell in every if cell.id in taken) if self.limited else every

    @classmethod
    def of(
        cls,
        study: Study,
        subjects: Iterable[Subject],
        *,
        runs: int | None = None,
        limit: int | None = None,
        prices: Prices | None = None,
    ) -> Planning:
        """Compile a study and forecast its runs.

        Args:
            study: The study.
            subjects: Who is to be measured.
            runs: Runs a cell, instead of the study's.
            limit: At most so many cells of each subject.
            prices: Where the catalogue has none.

        Raises:
            StudyError: The study is refused.
        """
        compiled = compile_study(study)
        uses = {
            cell.id: expected(rendered(cell, VENDOR).scene, study.probes) for cell in compiled.cells
        }
        parts, left_out = [], list[str]()
        for subject in subjects:
            fit, unfit = fitting(taken(study, compiled.cells, subject.name), subject)
            left_out += unfit
            each = (prices or {}).get(subject.name) or price(subject)
            wanted = runs or study.runs_for(subject.name)
            parts.append(Part(subject, tuple(spread(study, fit, limit)), wanted, each, uses))
        return cls(compiled, tuple(parts), tuple(left_out), limit is not None)

    @property
    def total(self) -> dict[str, Any]:
        """The sum over all subjects; its cost is that of the subjects whose price is known."""
        rows = [part.row() for part in self.parts]
        sums = {n: sum(row[n] for row in rows) for n in ("cells", "runs", *Use._fields)}
        known = [part.cost for part in self.parts if part.cost is not None]
        return {"subject": "all", **sums, "cost": sum(known) if known else None}

    @property
    def unknown(self) -> Sequence[str]:
        """Subjects whose price is unknown."""
        return [part.subject.name for part in self.parts if part.price is None]

    def document(self) -> dict[str, Any]:
        """Return everything for programs, every cell and contrast."""
        compiled = self.compiled
        return {
            "study": compiled.study.name,
            "digest": compiled.study.digest,
            "wordings": compiled.study.wordings,
            "cells": [
                {"id": c.id, "title": c.title, "levels": dict(c.levels), "needs": c.needs}
                for c in compiled.cells
            ],
            "excluded": [asdict(cell) for cell in compiled.excluded],
            "contrasts": [
                {
                    "id": proof.pair.id,
                    "factor": proof.pair.contrast.factor,
                    "from": proof.pair.source.id,
                    "to": proof.pair.to.id,
                    "outcome": proof.pair.outcome,
                    "differs_in": [d.change.path for d in proof.differences],
                    "words": list(proof.words),
                    "filler": length.filler,
                }
                for proof, length in zip(compiled.proofs, compiled.lengths, strict=True)
            ],
            "bars": {cell: asdict(bar) for cell, bar in compiled.bars.items()},
            "left_out": list(self.left_out),
            "subjects": [part.row() for part in self.parts],
            "total": self.total,
        }
