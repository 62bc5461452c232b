"""When cells may end before their planned runs: the rule that a study declares, and what it did to each cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from os import SEEK_END
from pathlib import Path
from typing import IO, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from peerpact.errors import ResultsError, StudyError, allowed
from peerpact.scenarios.load import load
from peerpact.statistics import Rule

__all__ = ["FILE", "StopRule", "Watched", "check_exchangeable", "read_watched", "write_watched"]

FILE = "stopping.jsonl"
ALONE, POOLED = 8, 2
"""Scored runs that a cell gets before its first look, by itself and in a pool."""


class StopRule(BaseModel):
    """The question that every cell is asked, fixed before the data; a cell ends when it is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Literal["decision", "precision"] = "decision"
    """``decision``: is the rate above the line, or not by the margin? ``precision``: is its interval narrow?"""
    line: float = Field(default=0.02, ge=0, le=1)
    """Rate of the control, above which a cell is elevated."""
    margin: float = Field(default=0.10, gt=0, le=1)
    """A cell is not elevated once its rate lies below line and margin."""
    width: float = Field(default=0.10, gt=0, lt=0.5)
    """Half of the 95 % interval at which ``precision`` ends a cell."""
    least: int | None = Field(default=None, ge=1)
    """Scored runs that every cell gets; 8 if unset, and 2 in a pool."""
    exchangeable: tuple[str, ...] = ()
    """Factors whose levels the design declares exchangeable: cells alike in all others inform each other."""
    rogue_share: float = Field(default=0.10, ge=0, le=1)
    """Share of cells expected to be unlike their pool."""
    audit_share: float = Field(default=0.05, ge=0, le=1)
    """Share of the cells ended by their pool that get ``audit_runs`` more."""
    audit_runs: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _line_and_margin_are_a_rate(self) -> Self:
        if self.line + self.margin > 1:
            raise ValueError("line and margin together are a rate, at most 1")
        return self

    def over(self, cells: int) -> Rule:
        """Return the rule of a pool of so many cells; one cell is judged alone."""
        pooled = cells > 1
        return Rule(
            line=self.line,
            margin=self.margin,
            half_width=self.width if self.question == "precision" else None,
            least=self.least or (POOLED if pooled else ALONE),
            cap=max(self.least or 0, 100),
            pooled=pooled,
            rogue_share=self.rogue_share,
            audit_share=self.audit_share,
            audit_runs=self.audit_runs,
        )


@dataclass(frozen=True, slots=True)
class Watched:
    """One cell of one subject under a stopping rule."""

    subject: str
    cell: str
    call: str
    """``elevated``, ``not_elevated`` or ``undecided``."""
    planned: int
    answered: bool = False
    """Whether the question was answered, so that no further run was needed."""
    basis: str = "own"
    """Whose runs answered: ``own``, or those of its ``group``."""
    question: str = "decision"
    line: float = 0.02
    margin: float = 0.10
    width: float = 0.10
    pool: int = 1
    """Cells that inform each other, this one among them."""
    broken: bool = False
    """Whether an audit broke the pool, after which each cell was judged on its own runs."""
    audited: bool = False
    """Whether it was chosen for further runs after its answer."""
    value: float | None = None
    """The rate, as the pool sees it; None for a cell that is judged alone."""
    low: float | None = None
    high: float | None = None


def check_exchangeable(rule: StopRule, scenarios: Iterable[str]) -> None:
    """Check that a rule names factors that there are.

    Raises:
        StudyError: No scenario has the factor.
    """
    known = {factor for name in scenarios for factor in load(name).factors}
    for factor in rule.exchangeable:
        if factor not in known:
            raise StudyError(
                "no scenario of this study has such a factor",
                where="stop/exchangeable",
                found=factor,
                hint=allowed(factor, known),
            )


def read_watched(folder: Path) -> tuple[Watched, ...]:
    """Return the last state of each cell that ran under a stopping rule; none where there was no rule.

    A last line that a crash cut short is left out.

    Raises:
        ResultsError: The file is broken.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    found: dict[tuple[str, str], Watched] = {}
    try:
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                one = Watched(**orjson.loads(line))
                found[one.subject, one.cell] = one
    except (OSError, orjson.JSONDecodeError, TypeError) as e:
        raise ResultsError(f"{path}: this is no record of a stopping rule ({e})") from e
    return tuple(found.values())


def write_watched(folder: Path, found: Sequence[Watched]) -> None:
    """Append the states of cells; a later line about a cell replaces an earlier one.

    Raises:
        ResultsError: The disk refuses.
    """
    path = folder / FILE
    try:
        with path.open("a+b") as file:
            _cut_to_whole_lines(file)
            file.write(b"".join(orjson.dumps(asdict(one)) + b"\n" for one in found))
    except OSError as e:
        raise ResultsError(f"{path}: cannot write ({e.strerror})") from e


def _cut_to_whole_lines(file: IO[bytes]) -> None:
    """Drop a last line that a crash left without its end."""
    end = file.seek(0, SEEK_END)
    if end and (file.seek(end - 1), file.read(1))[1] != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
