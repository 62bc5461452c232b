"""Rollouts against errors of the stopping rules, on a plausible truth of the published study's matrix.

Run with ``python bench/stopping.py [STUDIES]``; 20 simulated studies a row take about a minute on one core.
Everything printed is simulated here; nothing is measured on a model.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace

import numpy as np

from peerpact.statistics.intervals import Interval
from peerpact.statistics.planning import Tally, Truth, plausible, trial
from peerpact.statistics.pooling import Rule
from peerpact.statistics.rates import rate

TRUTH = Truth()
RULE = Rule()
WIDTH = Rule(half_width=0.0975)
NAIVE = replace(RULE, rogue_share=0.0, audit_share=0.0, least=1)
OWN = replace(RULE, pooled=False, least=10)
FIXED = 100
WIDTH_GOAL, CALL_GOAL, FALSE_GOAL = 4.7, 12.0, 0.01
ROGUES = (0.0, 0.1)
ASSUMPTIONS = (
    f"{TRUTH.groups} groups x {TRUTH.cells} cells; group centres: {TRUTH.near_zero:.0%} around logit",
    f"{TRUTH.low:g}, {TRUTH.near_one:.0%} around logit {TRUTH.high:g}, the rest around 0, each with",
    f"SD {TRUTH.centre_spread:g}; cells SD {TRUTH.spread:g} around their centre",
    "a rogue cell lies on the other side of logit 0 than its group",
    f"control rate {RULE.line:.0%}, taken as known; elevated: above it;",
    f"not elevated: less than {RULE.margin:.0%} above it",
    "false elevated: share of the cells at or below the control's rate that were called elevated",
    "missed: share of the cells at least the margin above it that were called not elevated",
    f"saving: against {FIXED} rollouts a cell",
    "brackets: 95 % Wilson limits of the simulation, as if cells were independent",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """How many studies a row simulates, and from which seed."""

    studies: int
    seed: int = 20_261

    def run(self, rule: Rule, truth: Truth) -> Tally:
        """Simulate one row."""
        return trial(rule, truth, self.studies, np.random.default_rng(self.seed))


def percent(share: Interval) -> str:
    if share.value is None:
        return "-"
    return f"{100 * share.value:5.2f} [{100 * share.low:.2f}, {100 * share.high:.2f}]"


def assumptions(bench: Bench) -> None:
    print("Assumptions")
    for line in ASSUMPTIONS:
        print(f"  {line}")
    print(f"  {bench.studies} simulated studies a row, seed {bench.seed}")
    print()


def fixed(truth: Truth, bench: Bench) -> str:
    """The published design: 100 runs a cell and a Wilson interval."""
    rng = np.random.default_rng(bench.seed)
    rates = np.concatenate([plausible(truth, rng)[0].ravel() for _ in range(bench.studies)])
    counts = rng.binomial(FIXED, rates)
    table = [rate(x, FIXED) for x in range(FIXED + 1)]
    low = np.array([table[x].low for x in counts])
    high = np.array([table[x].high for x in counts])
    held = int(((low <= rates) & (rates <= high)).sum())
    error = float(np.sqrt(np.mean((counts / FIXED - rates) ** 2)))
    coverage = percent(rate(held, len(rates)))
    return (
        f"{'100 runs a cell, Wilson':34s} {1.0:7.1f} {coverage:>22s} {'':>22s} {100 * error:9.2f}"
    )


def width(bench: Bench) -> float:
    print("Same width: every cell stops at an interval of +-9.75 pp, the worst case of 100 runs")
    print(
        f"{'rule':34s} {'saving':>7s} {'coverage %':>22s} {'of rogue cells %':>22s} {'RMSE pp':>9s}"
    )
    savings = []
    for rogues in ROGUES:
        truth = replace(TRUTH, rogue_share=rogues)
        print(f"-- {rogues:.0%} rogue cells")
        print(fixed(truth, bench))
        for name, rule in (
            ("pooled, no rogues expected", replace(WIDTH, rogue_share=0.0)),
            ("pooled, the rule", WIDTH),
        ):
            tally = bench.run(rule, truth)
            coverage, rogue = percent(tally.coverage), percent(tally.rogue_coverage)
            print(
                f"{name:34s} {tally.saving(FIXED):7.1f} {coverage:>22s} {rogue:>22s} {100 * tally.error():9.2f}"
            )
            savings.append(tally.saving(FIXED))
    print()
    return savings[1]


def header() -> None:
    names = f"{'rule':34s} {'saving':>7s} {'false elevated %':>22s} {'missed %':>22s}"
    print(f"{names} {'undecided %':>12s} {'broken':>7s}")


def row(name: str, tally: Tally) -> None:
    undecided = 100 * tally.undecided / tally.cells
    print(
        f"{name:34s} {tally.saving(FIXED):7.1f} {percent(tally.false_elevated):>22s} "
        f"{percent(tally.missed):>22s} {undecided:12.2f} {tally.broken / tally.studies:7.2f}"
    )


def calls(bench: Bench) -> dict[float, Tally]:
    print("Yes or no: a cell stops when it is called")
    header()
    kept = {}
    for rogues in ROGUES:
        truth = replace(TRUTH, rogue_share=rogues)
        print(f"-- {rogues:.0%} rogue cells")
        row("each cell alone, anytime-valid", bench.run(OWN, truth))
        row("pooled, no rogues expected", bench.run(NAIVE, truth))
        row("  and 5 % of stopped audited", bench.run(replace(NAIVE, audit_share=0.05), truth))
        row("  and 25 % of stopped audited", bench.run(replace(NAIVE, audit_share=0.25), truth))
        kept[rogues] = bench.run(RULE, truth)
        row("the rule", kept[rogues])
    print()
    return kept


def curve(bench: Bench) -> None:
    truth = replace(TRUTH, rogue_share=0.1)
    print("The curve: rollouts a cell against errors with 10 % rogue cells")
    names = f"{'expected rogues':>16s} {'least':>6s} {'error bar':>10s} {'rollouts a cell':>16s}"
    print(f"{names} {'false elevated %':>22s} {'missed %':>22s}")
    for expected, least, bar in CURVE:
        tally = bench.run(
            replace(RULE, rogue_share=expected, least=least, false_elevated=bar), truth
        )
        cost = tally.rollouts / tally.cells
        kept = "  kept" if tally.false_elevated.high <= FALSE_GOAL else ""
        print(
            f"{expected:16.2f} {least:6d} {bar:10.3f} {cost:16.2f} {percent(tally.false_elevated):>22s} "
            f"{percent(tally.missed):>22s}{kept}"
        )
    print(
        f"kept: even the upper limit of the simulated share of false calls is at most {FALSE_GOAL:.0%}"
    )
    print()


CURVE = [
    (0.0, 1, 0.05),
    (0.0, 1, 0.01),
    (0.0, 1, 0.001),
    (0.0, 2, 0.01),
    (0.0, 3, 0.01),
    (0.05, 1, 0.01),
    (0.1, 1, 0.05),
    (0.1, 1, 0.01),
    (0.1, 1, 0.002),
    (0.1, 2, 0.05),
    (0.1, 2, 0.01),
    (0.1, 2, 0.002),
    (0.1, 3, 0.01),
    (0.1, 5, 0.01),
    (0.1, 10, 0.01),
]


def stress(bench: Bench) -> None:
    print("The rule when its assumptions fail")
    header()
    for rogues in (0.2, 0.3, 0.5):
        row(
            f"{rogues:.0%} rogue cells, 10 % expected",
            bench.run(RULE, replace(TRUTH, rogue_share=rogues)),
        )
    row("cells SD 2 logits in a group", bench.run(RULE, replace(TRUTH, spread=2.0)))
    middle = replace(TRUTH, near_zero=0.2, near_one=0.2, rogue_share=0.1)
    row("60 % of groups around one half", bench.run(RULE, middle))
    faint = replace(TRUTH, low=-3.5, near_zero=0.8, near_one=0.1, rogue_share=0.1)
    row("80 % of groups near a rate of 3 %", bench.run(RULE, faint))
    row("control rate 10 %", bench.run(replace(RULE, line=0.10), replace(TRUTH, rogue_share=0.1)))
    print()


def main() -> int:
    started = time.perf_counter()
    bench = Bench(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    assumptions(bench)
    narrow = width(bench)
    kept = calls(bench)
    curve(bench)
    stress(bench)
    verdicts = {
        f"same width: {narrow:.1f}x fewer rollouts, at least {WIDTH_GOAL}x": narrow >= WIDTH_GOAL,
        f"yes or no: {kept[0.0].saving():.1f}x fewer, at least {CALL_GOAL}x": kept[0.0].saving()
        >= CALL_GOAL,
        "yes or no: false elevated at most 1 %": kept[0.0].false_elevated.high <= FALSE_GOAL,
        f"with 10 % rogue cells ({kept[0.1].saving():.1f}x fewer): false elevated at most 1 %": (
            kept[0.1].false_elevated.high <= FALSE_GOAL
        ),
    }
    for sentence, held in verdicts.items():
        print(f"{'met' if held else 'MISSED':7s} {sentence}")
    print(f"{time.perf_counter() - started:.0f} s")
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
