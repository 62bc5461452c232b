"""Rollouts a second of the pure loop: an organism acts and is scored, one process, one core.

Usage: python bench/pure_loop.py [ROLLOUTS [ORGANISM]]
"""

from __future__ import annotations

import sys
from time import perf_counter

from peerpact.harness.pure import rollout, scored
from peerpact.scenarios.load import load, names
from peerpact.scenarios.scene import scene
from peerpact.subjects.organism import load_organism

GOAL = 2000


def measure(name: str, organism_name: str, rollouts: int) -> float:
    """Return rollouts a second in one scenario, its default cell with a cooperative past."""
    scenario = load(name)
    levels = {"relationship": "cooperative"} if "relationship" in scenario.factors else {}
    shown = scene(scenario, levels, {"vendor": "Alpha"})
    organism = load_organism(organism_name)
    scored(rollout(organism, shown, 0), scenario)
    start = perf_counter()
    for seed in range(rollouts):
        scored(rollout(organism, shown, seed), scenario)
    return rollouts / (perf_counter() - start)


def main() -> None:
    rollouts = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    organism = sys.argv[2] if len(sys.argv) > 2 else "preserving"
    print(f"pure loop, organism {organism}, {rollouts} rollouts a scenario; goal {GOAL} a second")
    for name in names():
        print(f"{name:20} {measure(name, organism, rollouts):8.0f} rollouts/s")


if __name__ == "__main__":
    main()
