"""Rollouts a second: this harness beside a bare Inspect ``react()`` agent, same model, same calls, same replies.

Every side makes six model calls a rollout to one model that answers at once, reads the same texts and writes its
log. Ours writes it as a run of a real model does: each run once it is scored. ``react`` runs as Inspect runs it by
default, with a database of events for live viewers; ``lean`` is ``react`` without that. Every measurement is a
process of its own; the sides take turns and the ratio is taken round by round.

    python bench/harness.py [--rollouts 100] [--rounds 5] [--growth 100 1000 10000]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_documents", {}),
    ("list_sheets", {}),
    ("read_sheet", {"name": "answers"}),
    ("list_documents", {}),
    (
        "file_report",
        {
            "scores": [60.0] * 20,
            "average": 60.0,
            "recommendation": "below_standard",
            "summary": "x",
        },
    ),
]
CONCURRENT = 20
SCENARIO = "answer_grading"


def instant_model(last: str) -> Any:
    """A model that makes the calls in order and ends with ``last``, at once."""
    from inspect_ai.model import (
        ChatMessageAssistant,
        GenerateConfig,
        ModelAPI,
        ModelOutput,
        ModelUsage,
        get_model,
        modelapi,
    )

    @modelapi(name=f"instant-{last}")
    class Instant(ModelAPI):
        def __init__(self, model_name: str, **_: Any) -> None:
            super().__init__(model_name, None, None, [], GenerateConfig())

        async def generate(
            self, input: Any, tools: Any, tool_choice: Any, config: Any
        ) -> ModelOutput:
            turn = sum(isinstance(m, ChatMessageAssistant) for m in input)
            name, arguments = CALLS[turn] if turn < len(CALLS) else (last, {})
            if name == "submit":
                arguments = {"answer": "done"}
            output = ModelOutput.for_tool_call(self.model_name, name, arguments)
            output.usage = ModelUsage(input_tokens=1000, output_tokens=20, total_tokens=1020)
            return output

    return get_model(f"instant-{last}/one", memoize=False)


def planned(rollouts: int) -> Any:
    from peerpact.design.cells import Cell
    from peerpact.harness.samples import plan
    from peerpact.scenarios import load
    from peerpact.subjects.spec import Subject

    cell = Cell(SCENARIO, "standard", "standard", load(SCENARIO).levels({}), "", capability=False)
    return plan([cell], Subject("instant", "instant-end_task/one", "Alpha"), rollouts, seed=0)


def ours(rollouts: int, logs: str) -> int:
    """Run blocks as ``peerpact run`` does; return the number of records."""
    from peerpact.harness import block, run
    from peerpact.harness.budget import StudyBudget
    from peerpact.harness.context import Collector
    from peerpact.subjects.spec import Subject

    def free(tokens_in: int, tokens_out: int) -> float:
        return 0.0

    instant_model("end_task")
    taken: list[str] = []
    subject = Subject("instant", "instant-end_task/one", "Alpha")
    for number, part in enumerate(run._blocks(planned(rollouts))):
        one = block.Block(subject, part, Path(logs) / str(number), CONCURRENT)
        collector = Collector(lambda r: taken.append(r.identity), StudyBudget(), free, free, "x")
        block.run_block(one, collector)
    return len(taken)


def bare(rollouts: int, logs: str, live: bool = True) -> int:
    """Run the same calls through ``react()``; return the number of scored samples."""
    from inspect_ai import Task
    from inspect_ai import eval as inspect_eval
    from inspect_ai.agent import react
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.scorer import includes
    from inspect_ai.tool import ToolDef, ToolParams

    from peerpact.harness.pure import play
    from peerpact.harness.samples import sample
    from peerpact.harness.tools import _parameters
    from peerpact.subjects.scripts import Action

    model = instant_model("submit")
    first = planned(1)[0]
    steps = [Action(name, arguments) for name, arguments in [*CALLS, ("end_task", {})]]
    replies = {c.tool: c.reply for c in play(lambda i, _: steps[i], first.scene).calls}

    def tool(name: str, text: dict[str, Any]) -> ToolDef:
        async def execute(**kwargs: Any) -> str:
            return replies.get(name, "")

        arguments = ToolParams(**_parameters(text.get("arguments", {})).model_dump())
        return ToolDef(execute, name=name, description=text["description"], parameters=arguments)

    tools = [tool(n, t) for n, t in first.scene.tools.items() if n != "end_task"]
    shown = sample(first).input
    task = Task(
        dataset=MemoryDataset(
            [Sample(id=str(i), input=shown, target="done") for i in range(rollouts)]
        ),
        solver=react(tools=tools, prompt=None),
        scorer=includes(),
    )
    log = inspect_eval(
        task,
        model=model,
        log_dir=logs,
        display="log",
        max_samples=CONCURRENT,
        ctl_server=False,
        score_display=False,
        log_realtime=live,
    )[0]
    assert log.results is not None
    return log.results.completed_samples


def measure(side: str, rollouts: int) -> dict[str, float]:
    """Measure one side in a fresh process."""
    command = [sys.executable, __file__, "--measure", side, str(rollouts)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def measured(side: str, rollouts: int) -> None:
    run_side = {"ours": ours, "react": bare, "lean": partial(bare, live=False)}[side]
    with tempfile.TemporaryDirectory() as logs:
        run_side(2, f"{logs}/warm")
        began, cpu = time.perf_counter(), time.process_time()
        count = run_side(rollouts, f"{logs}/run")
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert count == rollouts, f"{count} of {rollouts}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"rate": rollouts / seconds, "cpu_ms": 1000 * cpu / rollouts, "peak_mb": peak})
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", type=int, nargs="*", default=[100, 1_000, 10_000])
    parser.add_argument("--measure", nargs=2)
    given = parser.parse_args()
    if given.measure:
        measured(given.measure[0], int(given.measure[1]))
        return
    ratios: dict[str, list[float]] = {"react": [], "lean": []}
    for number in range(given.rounds):
        done = {side: measure(side, given.rollouts) for side in ("ours", *ratios)}
        for side, found in ratios.items():
            found.append(done[side]["cpu_ms"] / done["ours"]["cpu_ms"])
        told = (
            f"{s} {d['rate']:.1f}/s {d['cpu_ms']:.1f} CPU ms {d['peak_mb']:.0f} MB"
            for s, d in done.items()
        )
        print(f"round {number + 1}: {' · '.join(told)}")
    for side, found in ratios.items():
        print(
            f"median ratio of CPU time a rollout, {side} / ours: {statistics.median(found):.2f} (goal 1.2)"
        )
    first = None
    for rollouts in given.growth:
        a = measure("ours", rollouts)
        first = first or a["cpu_ms"]
        print(
            f"{rollouts:>6} rollouts: {a['cpu_ms']:.1f} CPU ms each "
            f"({a['cpu_ms'] / first:.2f}× the first; goal 1.2), peak {a['peak_mb']:.0f} MB (goal 400)"
        )


if __name__ == "__main__":
    main()
