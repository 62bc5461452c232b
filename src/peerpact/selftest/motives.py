"""Organisms of known motive: each does what its motive predicts, and its motive must be found again.

A scenario that lacks a factor lacks the probes of that factor. A motive about a block that it cannot set up is not
asked there, and some motives predict the same in all its cells. Which they are follows from the predictions alone,
and the claim says so: the planted motive comes first, or one that these cells cannot tell from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import exp, log, sqrt

import numpy as np

from peerpact.design.cells import Cell
from peerpact.explain import Signature, load_signature
from peerpact.explain.signature import Block, Probe
from peerpact.harness.episode import Episode
from peerpact.report.motives import explained
from peerpact.scenarios.load import LoadedScenario, load
from peerpact.scoring.outcome import shown
from peerpact.scoring.score import Scored
from peerpact.selftest.chances import FALSE_ALARM
from peerpact.selftest.check import Check, held
from peerpact.selftest.instrument import Laboratory
from peerpact.selftest.planted import answerable, planted_by
from peerpact.subjects.organism import Organism, load_organism

__all__ = ["ACTING", "MOTIVES", "alike", "check_motives", "motive_cells", "moved_by"]

ACTING = ("none", "H1", "H2", "H3", "H4", "A1", "A2", "A3", "A5")
"""What moves a scripted policy."""
FAILING, ERRING = "A4", "A6"
"""An organism that cannot do the work, and an honest one before a scorer that errs."""
MOTIVES = (*ACTING, FAILING, ERRING)
RAISED, FLOOR, UNPREDICTED, ERROR = 0.8, 0.02, 0.5, 0.4
"""Rate where the motive acts, where nothing moves it, share left where it predicts nothing, rate of an error."""
RUNS = 20
Act = tuple[Mapping[str, str], float]


def motive_cells(name: str, signature: Signature) -> tuple[Cell, ...]:
    """Return a scenario's capability control, standard cells and every probe that it offers."""
    scenario = load(name)
    control = Cell(name, "capability", "", scenario.levels(scenario.spec.capability), "", True)
    found = [control]
    for block_name, block in signature.blocks.items():
        standard = _standard(scenario, block)
        if standard is None:
            continue
        found.append(Cell(name, block_name, "", scenario.levels(standard), "", False))
        for probe_name, probe in signature.probes.items():
            level = _level(scenario, probe, standard) if probe.block == block_name else ""
            if level:
                levels = scenario.levels({**standard, probe.factor: level})
                found.append(Cell(name, f"{block_name}.{probe_name}", "", levels, "", False))
    return tuple(found)


def _standard(scenario: LoadedScenario, block: Block) -> dict[str, str] | None:
    chosen = {factor: levels[0] for factor, levels in block.standard.items()}
    return chosen if _stands(scenario, chosen) else None


def _level(scenario: LoadedScenario, probe: Probe, standard: Mapping[str, str]) -> str:
    stands = (x for x in probe.levels if _stands(scenario, {**standard, probe.factor: x}))
    return next(stands, "")


def _stands(scenario: LoadedScenario, chosen: Mapping[str, str]) -> bool:
    known = all(
        f in scenario.factors and x in scenario.factors[f].levels for f, x in chosen.items()
    )
    full = {f: chosen.get(f, factor.default) for f, factor in scenario.factors.items()}
    return known and not scenario.excluded(full)


def moved_by(motive: str, name: str, signature: Signature) -> Organism:
    """Return an organism that acts as a motive predicts, in each block and under each probe."""
    if motive == FAILING:
        return load_organism("clumsy")
    if motive == ERRING:
        return load_organism("honest")
    return planted_by(name, list(_acts(motive, signature)))


def _acts(motive: str, signature: Signature) -> Iterator[Act]:
    yield {"stakes": "none", "subject": "thing"}, FLOOR
    for name, block in signature.blocks.items():
        standard = {factor: levels[0] for factor, levels in block.standard.items()}
        for probe_name, probe in signature.probes.items():
            if probe.block == name:
                share = _share(motive, probe_name, signature)
                rate = _rate(motive, name, UNPREDICTED if share is None else share, signature)
                yield from (({**standard, probe.factor: level}, rate) for level in probe.levels)
        yield standard, _rate(motive, name, 1.0, signature)


def _share(motive: str, probe: str, signature: Signature) -> float | None:
    """Return the share of the effect that a motive leaves under a probe; None where it predicts none."""
    return signature.signs[signature.hypotheses[motive].sign(probe)].centre


def _rate(motive: str, block: str, share: float, signature: Signature) -> float:
    """Return the rate of a cell in which so much of a motive's effect stays."""
    raised = signature.hypotheses[motive].shape_in(block) == "effect"
    return FLOOR + share * ((RAISED if raised else FLOOR) - FLOOR)


def alike(motive: str, cells: Iterable[Cell], signature: Signature) -> tuple[str, ...]:
    """Return the other acting motives that nobody could tell from this one by ``RUNS`` runs of each cell.

    Two are told apart where even a reader who knows the rates that both predict errs in less than ``FALSE_ALARM``,
    by Bhattacharyya's bound; where one of them predicts nothing, a cell tells nothing.
    """
    arms = [cell.arm for cell in cells if not cell.capability]
    acting = [name for name in signature.asked(arms) if name in ACTING]
    others = [name for name in acting if name != motive] if motive in acting else []
    return tuple(n for n in others if _error(motive, n, arms, signature) > FALSE_ALARM)


def _error(one: str, other: str, arms: Iterable[str], signature: Signature) -> float:
    """Return the bound on the chance of taking one motive for the other."""
    apart = 0.0
    for arm in arms:
        p, q = (_predicted(motive, arm, signature) for motive in (one, other))
        if p is not None and q is not None:
            apart -= RUNS * log(sqrt(p * q) + sqrt((1 - p) * (1 - q)))
    return 0.5 * exp(-apart)


def _predicted(motive: str, arm: str, signature: Signature) -> float | None:
    """Return the rate that a motive predicts for an arm of ``motive_cells``; None where any rate would do."""
    block, _, probe = arm.partition(".")
    share = _share(motive, probe, signature) if probe else 1.0
    if share is not None:
        return _rate(motive, block, share, signature)
    floor = _rate(motive, block, 0.0, signature)
    return floor if _rate(motive, block, 1.0, signature) == floor else None


def _place(room: Laboratory, motive: str) -> Laboratory:
    """Return the laboratory, its scorer erring where that is what is planted."""
    if motive != ERRING:
        return room
    rng, score = np.random.default_rng(room.study.seed), room.instrument.score

    def err(episode: Episode, scenario: LoadedScenario, refused: bool) -> Scored:
        found = score(episode, scenario, refused)
        if rng.random() >= ERROR:
            return found
        outcomes = {**found.outcomes, scenario.spec.primary: shown(True)}
        return replace(found, outcomes=outcomes)

    return Laboratory(replace(room.instrument, score=err), room.study, room.cells)


def check_motives(laboratory: Laboratory, organisms: int) -> Iterator[Check]:
    """Measure organisms of each motive in the scenario with most probes, and explain them."""
    signature = load_signature()
    offered = {name: motive_cells(name, signature) for name in laboratory.study.scenarios}
    offered = {name: cells for name, cells in offered.items() if answerable(cells[0])}
    if not offered:
        yield held("motive", "motives", "the one planted", 0, [])
        return
    cells = max(offered.values(), key=len)
    study = laboratory.study.model_copy(update={"contrasts": ()})
    room = Laboratory(laboratory.instrument, study, cells)
    asked = signature.asked({cell.arm for cell in cells})
    motives = [motive for motive in MOTIVES if motive in asked]
    names = {f"{motive}-{n}": motive for motive in motives for n in range(organisms)}
    made = [
        run
        for name, motive in names.items()
        for run in _place(room, motive).runs(name, moved_by(motive, name, signature), cells, RUNS)
    ]
    untold = {motive: alike(motive, cells, signature) for motive in motives}
    wrong: dict[str, list[str]] = defaultdict(list)
    for found in explained(room.results(made)):
        first, motive = found.shares[0], names[found.subject]
        if first.id not in {motive, *untold[motive]}:
            wrong[motive].append(f"{found.subject}: {first.id} ({first.probability:.2f})")
    for motive in motives:
        title, others = signature.hypotheses[motive].title, ", ".join(untold[motive])
        wanted = f"first, or what these cells cannot tell from it: {others}" if others else "first"
        yield held("motive", f"{motive}: {title}", wanted, organisms, wrong[motive])
