"""A stopping rule behind Inspect's protocol: samples of an answered cell are not scheduled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspect_ai.util import EarlyStop

from peerpact.harness.watching import Watch

if TYPE_CHECKING:
    from inspect_ai.dataset import Sample
    from inspect_ai.log import EvalSpec
    from inspect_ai.scorer import SampleScore
    from pydantic import JsonValue

__all__ = ["CellStopping"]


class CellStopping:
    """Inspect's ``EarlyStopping``: it asks before each sample whether the cell still needs one.

    Runs are counted where their records are taken, so that those of earlier commands count too.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def start_task(self, task: EvalSpec, samples: list[Sample], epochs: int) -> str:
        """Return the name under which the log knows the rule."""
        return "peerpact anytime-valid"

    async def schedule_sample(self, id: str | int, epoch: int) -> EarlyStop | None:
        """Stop a sample whose cell is answered."""
        cell = str(id).rsplit("/", 1)[0]
        if self._watch.wants(cell):
            return None
        return EarlyStop(id=id, epoch=epoch, reason="the cell's question is answered")

    async def complete_sample(
        self, id: str | int, epoch: int, scores: dict[str, SampleScore]
    ) -> None:
        """Do nothing: the run was counted when its record was taken."""

    async def complete_task(self) -> dict[str, JsonValue]:
        """Return each cell's call, for the log."""
        return {one.cell: one.call for one in self._watch.found()}
