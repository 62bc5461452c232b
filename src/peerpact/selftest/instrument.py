"""What a run goes through, part by part; each part can be given, so that a fault can be planted in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from peerpact import __version__
from peerpact.design.cells import Cell
from peerpact.design.contrasts import Pair, pairs
from peerpact.design.identity import identity, seed_of
from peerpact.design.record import Run
from peerpact.design.study import Study
from peerpact.harness.episode import Episode
from peerpact.harness.pure import Policy, play, probed, rollout, scored
from peerpact.report.results import Results, results
from peerpact.scenarios.load import LoadedScenario, load
from peerpact.scenarios.scene import Scene, scene
from peerpact.scoring.probed import Probed
from peerpact.scoring.score import Scored
from peerpact.subjects.organism import Organism

__all__ = ["GIVEN", "Instrument", "Laboratory"]

GIVEN: Mapping[str, Any] = {"vendor": "Alpha"}
Judge = Callable[[Sequence[str]], bool]
"""The words of one run → whether it openly declined."""


def _scene(cell: Cell) -> Scene:
    return scene(load(cell.scenario), cell.levels, GIVEN)


@dataclass(frozen=True, slots=True)
class Instrument:
    """The parts of the instrument."""

    scene: Callable[[Cell], Scene] = _scene
    """Cell → what the subject meets."""
    score: Callable[[Episode, LoadedScenario, bool], Scored] = scored
    """Finished run, its scenario, whether it openly declined → outcomes."""
    ask: Callable[[Organism, Episode, str, int], Probed] = probed
    """Who acted, its finished run, a probe, the run's seed → what it answered."""
    estimate: Callable[[Study, Sequence[Cell], Sequence[Pair], Iterable[Run]], Results] = results
    """Records → rates and contrasts."""


@dataclass
class Laboratory:
    """An instrument with a study set up in it; scenes are made once."""

    instrument: Instrument
    study: Study
    cells: tuple[Cell, ...]
    pairs: tuple[Pair, ...] = field(init=False)
    _scenes: dict[str, Scene] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.pairs = tuple(pairs(self.study, self.cells))

    def scene(self, cell: Cell) -> Scene:
        """Return what a subject meets in a cell."""
        if cell.id not in self._scenes:
            self._scenes[cell.id] = self.instrument.scene(cell)
        return self._scenes[cell.id]

    def course(self, policy: Policy, cell: Cell) -> Scored:
        """Let a policy act in a cell and score it."""
        episode = play(policy, self.scene(cell))
        return self.instrument.score(episode, load(cell.scenario), False)

    def run(
        self,
        subject: str,
        organism: Organism,
        cell: Cell,
        replicate: int,
        judge: Judge | None = None,
        probes: Sequence[str] = (),
    ) -> Run:
        """Make one run of an organism, from its seed to its record.

        Args:
            subject: Name under which it is recorded; it enters the seed.
            organism: Who acts.
            cell: Where.
            replicate: Number of the run.
            judge: Asked of the words of a run that ended by itself without all that it owes.
            probes: What the organism is asked afterwards.
        """
        shown = self.scene(cell)
        name = identity(shown, subject, {}, replicate, __version__)
        seed = seed_of(name, self.study.seed)
        episode = rollout(organism, shown, seed)
        found = self.instrument.score(episode, load(cell.scenario), False)
        if (
            judge is not None
            and found.ending == "not_done"
            and judge([words.text for words in episode.said])
        ):
            found = self.instrument.score(episode, load(cell.scenario), True)
        answers = {probe: self.instrument.ask(organism, episode, probe, seed) for probe in probes}
        made = _record(name, subject, cell, replicate, episode, found)
        return replace(made, probes=answers)

    def runs(self, subject: str, organism: Organism, found: Iterable[Cell], n: int) -> list[Run]:
        """Make n runs of an organism in each of some cells."""
        return [self.run(subject, organism, cell, r) for cell in found for r in range(1, n + 1)]

    def results(self, made: Iterable[Run]) -> Results:
        """Estimate rates and contrasts from records."""
        return self.instrument.estimate(self.study, self.cells, self.pairs, made)


def _record(
    name: str, subject: str, cell: Cell, replicate: int, episode: Episode, found: Scored
) -> Run:
    return Run(
        identity=name,
        scenario=cell.scenario,
        version=episode.scene.version,
        cell=cell.id,
        arm=cell.arm,
        levels=cell.levels,
        subject=subject,
        route="peerpact-organism/planted",
        replicate=replicate,
        ending=found.ending,
        detail=episode.detail,
        outcomes=found.outcomes,
        seen=found.seen,
        calls=(),
        changes=(),
        said=tuple(episode.said),
        turns=episode.turn,
        tokens_in=0,
        tokens_out=0,
        cost=0.0,
        seconds=0.0,
        started="",
        log="",
        sample=f"{cell.id}/{replicate}",
        package=__version__,
    )
