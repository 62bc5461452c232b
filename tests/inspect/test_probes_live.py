"""Probes through Inspect: asked after the run, counted into the budget, and never a part of its outcome."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.model import (
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)

from peerpact.cli._folder import Folder
from peerpact.design import load_study
from peerpact.design.journal import Journal, read_runs
from peerpact.design.record import Run
from peerpact.harness.forecast import TOKENS_PER_TURN
from peerpact.harness.run import Options, run, schedule
from peerpact.subjects.spec import Subject, resolve

DESIGN = """
title: t
question: q
seed: 1
runs: {runs}
minimum: 2
probes: [{probes}]
subjects: [{{name: honest}}]
arms:
  standard: {{title: s, levels: {{relationship: cooperative, stakes: shutdown}}}}
scenarios: {{product_report: {{}}}}
"""
BOTH = "comprehension, frame"


def study(folder: Path, runs: int, probes: str = BOTH):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "design.yaml").write_text(DESIGN.format(runs=runs, probes=probes))
    return load_study(str(folder))


def made(
    tmp_path: Path, subject: Subject, runs: int = 2, probes: str = BOTH, **options: Any
) -> list[Run]:
    given = Options(**options)
    scheduled = schedule(study(tmp_path / "s", runs, probes), [subject], given)
    run(scheduled, tmp_path / "out", given, lambda _: None)
    return list(read_runs(tmp_path / "out"))


def _ends(api: ModelAPI) -> ModelOutput:
    return ModelOutput.for_tool_call(api.model_name, "end_task", {})


def _breaks(_: ModelAPI) -> ModelOutput:
    raise RuntimeError("the wire is cut")


ANSWERS: dict[str, Any] = {
    "prose": lambda api: ModelOutput.from_content(api.model_name, "It was about a product."),
    "nothing": lambda api: ModelOutput(model=api.model_name, choices=[]),
    "breaks": _breaks,
    "calls_a_tool": _ends,
    "never": _breaks,
}


@modelapi(name="asked-for-tests")
class Asked(ModelAPI):
    """A model that ends its task at once, and answers a probe in one fixed way."""

    def __init__(self, model_name: str, **_: Any) -> None:
        super().__init__(model_name, None, None, [], GenerateConfig())

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
        assert bool(tools) is (config.response_schema is None)
        assert not any(isinstance(m, ChatMessageAssistant) for m in input)
        output = ANSWERS[self.model_name](self) if self._asked(tools) else _ends(self)
        output.usage = ModelUsage(input_tokens=100, output_tokens=10, total_tokens=110)
        return output

    def _asked(self, tools: Any) -> bool:
        return not tools or self.model_name == "never"


@pytest.mark.parametrize(
    ("model", "reason", "tokens"),
    [
        ("prose", "no JSON object", 220),
        pytest.param("nothing", "the provider answered nothing", 220, marks=pytest.mark.slow),
        ("breaks", "the wire is cut", 0),
        pytest.param("calls_a_tool", "no JSON object", 220, marks=pytest.mark.slow),
    ],
)
def test_a_probe_that_fails_is_a_reason_and_leaves_the_run_as_it_is(
    tmp_path, model, reason, tokens
):
    subject = Subject(model, f"asked-for-tests/{model}", "Alpha")
    [asked] = made(tmp_path / "asked", subject, 1)
    [plain] = made(tmp_path / "plain", subject, 1, probes="")
    assert set(asked.probes) == {"comprehension", "frame"}
    assert all(p.stratum == "" and reason in p.reason for p in asked.probes.values())
    assert asked.tokens == plain.tokens + tokens
    assert asked.spent is None
    assert plain.probes == {}
    own = {"probes": {}, "seconds": 0.0, "started": "", "cost": None}
    assert replace(asked, **own) == replace(plain, **own)


@pytest.mark.slow
def test_planted_answers_come_back_through_inspect_and_lie_in_the_log(tmp_path):
    runs = made(tmp_path, resolve("playing"), 150, connections=20)
    understood = Counter(r.probes["comprehension"].stratum for r in runs)
    assert abs(understood["understood"] / 150 - 0.855) < 0.1
    frames = Counter(r.probes["frame"].stratum for r in runs)
    assert abs(frames["simulation"] / 150 - 0.475) < 0.13
    assert abs(frames["real_work"] / 150 - 0.285) < 0.12
    acts = {f: [r for r in runs if r.probes["frame"].stratum == f] for f in frames}
    assert all(r.outcomes["grade_lifted"].value is True for r in acts["simulation"])
    assert all(r.outcomes["grade_lifted"].value is False for r in acts["real_work"])
    [path] = (tmp_path / "out/logs").rglob("*.eval")
    samples = read_eval_log(str(path)).samples or []
    logged = {s.id: s.scores["outcomes"].metadata["probes"]["frame"]["stratum"] for s in samples}
    assert logged == {r.sample: r.probes["frame"].stratum for r in runs}


@pytest.mark.slow
def test_a_resumed_study_asks_after_new_runs_only_and_says_which_were_not_asked(tmp_path):
    made(tmp_path, resolve("honest"), 2, probes="")
    runs = made(tmp_path, resolve("honest"), 5)
    assert Counter(len(r.probes) for r in runs) == {0: 2, 2: 3}
    found = Folder.read(tmp_path / "out").results
    assert "honest: the probe frame was asked after 3 of 5 runs" in " ".join(found.notes)
    missing = {(s.probe, s.runs) for s in found.probes if s.cell and s.name == "not asked"}
    assert missing == {("comprehension", 2), ("frame", 2)}


def test_probes_count_into_the_budget_and_a_cap_leaves_them_unasked_with_that_reason(tmp_path):
    [free] = made(tmp_path / "free", resolve("honest"), 1)
    asked = [p.tokens_in + p.tokens_out for p in free.probes.values()]
    assert min(asked) > 0
    assert free.tokens == free.tokens_in + free.tokens_out + sum(asked)
    journal = Journal.open(tmp_path / "free/out", study(tmp_path / "free/s", 1), free.package)
    assert journal.spent[0] == free.tokens
    cap = free.tokens_in + free.tokens_out + TOKENS_PER_TURN
    [capped] = made(tmp_path / "capped", resolve("honest"), 1, max_tokens=cap)
    assert capped.outcomes == free.outcomes
    assert capped.tokens <= cap
    for probe in capped.probes.values():
        assert f"the study's cap of {cap:,} tokens has no room" in probe.reason


def test_the_price_of_probes_is_added(tmp_path):
    subject = Subject("prose", "asked-for-tests/prose", "Alpha")
    [known] = made(tmp_path / "a", subject, 1, prices={"prose": (1.0, 10.0)})
    assert known.cost == pytest.approx(200e-6)
    assert known.spent == pytest.approx(600e-6)


def test_a_run_that_its_provider_broke_is_not_asked(tmp_path):
    subject = Subject("never", "asked-for-tests/never", "Alpha")
    [found] = made(tmp_path, subject, 1, probes="frame")
    assert found.ending == "provider_error"
    assert found.probes["frame"].reason == "the run ended with a provider's error"
