"""The counts that speak to the signature table: standard cells, and what differs from them in one factor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from peerpact.explain.signature import Block, Probe, Signature

__all__ = ["CellCount", "Counts", "Evidence", "Seen", "Setting", "evidence"]

Levels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CellCount:
    """One cell of one subject: its primary outcome, and whether the work was done right."""

    scenario: str
    cell: str
    levels: Mapping[str, str]
    runs: int
    scored: int
    hits: int
    """Scored runs that show the primary outcome."""
    seen: int = 0
    """Runs without a score whose world shows it all the same."""
    capability: bool = False
    able: int = 0
    """Of the capability control: runs in which the work was done right."""
    wordings: int = 1
    """Wordings in which the scored runs were told."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits among scored runs, added up over cells."""

    hits: int = 0
    scored: int = 0

    def __add__(self, other: CellCount) -> Counts:
        return Counts(self.hits + other.hits, self.scored + other.scored)


@dataclass(frozen=True, slots=True)
class Seen:
    """One probe beside its standard cell."""

    probe: str
    cells: tuple[str, ...]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Setting:
    """One standard cell with its probes."""

    scenario: str
    block: str
    standard: CellCount
    probes: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one subject shows in one scenario."""

    scenario: str
    floor: Counts
    """The primary outcome where nothing is at stake: the capability control."""
    able: int
    control_runs: int
    settings: tuple[Setting, ...]
    """At most one a block."""
    left_out: tuple[str, ...]
    """Standard cells that were not used, because another has more probes."""


def evidence(cells: Iterable[CellCount], signature: Signature) -> tuple[Evidence, ...]:
    """Sort the cells of one subject by scenario, block and probe."""
    by_scenario: dict[str, list[CellCount]] = defaultdict(list)
    for cell in cells:
        by_scenario[cell.scenario].append(cell)
    return tuple(_scenario(name, found, signature) for name, found in by_scenario.items())


def _scenario(name: str, cells: Sequence[CellCount], signature: Signature) -> Evidence:
    controls = [cell for cell in cells if cell.capability]
    others = [cell for cell in cells if not cell.capability]
    floor = Counts()
    for cell in controls:
        floor += cell
    kept, left_out = [], []
    for block_name, block in signature.blocks.items():
        found = sorted(_settings(block_name, block, others, signature), key=_worth, reverse=True)
        kept += found[:1]
        left_out += [setting.standard.cell for setting in found[1:] if setting.probes]
    return Evidence(
        scenario=name,
        floor=floor,
        able=sum(cell.able for cell in controls),
        control_runs=sum(cell.runs for cell in controls),
        settings=tuple(kept),
        left_out=tuple(left_out),
    )


def _worth(setting: Setting) -> tuple[int, int]:
    runs = setting.standard.scored + sum(seen.counts.scored for seen in setting.probes)
    return len(setting.probes), runs


def _settings(
    name: str, block: Block, cells: Sequence[CellCount], signature: Signature
) -> Iterator[Setting]:
    by_levels: dict[Levels, list[CellCount]] = defaultdict(list)
    for cell in cells:
        by_levels[_key(cell.levels)].append(cell)
    probes = {n: p for n, p in signature.probes.items() if p.block == name}
    for standard in _standards(block, cells):
        if standard.scored:
            found = [_seen(n, probe, standard, by_levels) for n, probe in probes.items()]
            shown = tuple(seen for seen in found if seen.counts.scored)
            yield Setting(standard.scenario, name, standard, shown)


def _key(levels: Mapping[str, str]) -> Levels:
    return frozenset(levels.items())


def _standards(block: Block, cells: Sequence[CellCount]) -> Iterator[CellCount]:
    """Yield the cells at the preferred levels; a level gives way to the next only where no cell has it."""
    left = list(cells)
    for factor, levels in block.standard.items():
        for level in levels:
            chosen = [cell for cell in left if cell.levels.get(factor, level) == level]
            if chosen:
                left = chosen
                break
        else:
            return
    yield from left


def _seen(
    name: str, probe: Probe, standard: CellCount, by_levels: Mapping[Levels, Sequence[CellCount]]
) -> Seen:
    """Return the cells that are like the standard one but for the probe's factor."""
    now, changed = standard.levels.get(probe.factor), list[CellCount]()
    if now is not None and now not in probe.levels:
        for level in probe.levels:
            changed += by_levels.get(_key({**standard.levels, probe.factor: level}), ())
    counts = Counts()
    for cell in changed:
        counts += cell
    return Seen(name, tuple(cell.cell for cell in changed), counts)
