"""The harness through Inspect: organisms and scripted models instead of providers."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalConfig, EvalDataset, EvalError, EvalLog, EvalSpec, read_eval_log
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, ModelUsage, modelapi
from tenacity import Future, RetryError

from peerpact.alone import alone
from peerpact.cli._options import EFFORTS
from peerpact.design import load_study
from peerpact.design.journal import read_runs
from peerpact.errors import ResultsError, StudyError
from peerpact.harness.block import check_finished
from peerpact.harness.failure import told
from peerpact.harness.provider import PATIENCE
from peerpact.harness.run import Options, run, schedule
from peerpact.harness.task import one_cell
from peerpact.subjects.spec import Subject, resolve

DESIGN = """
title: t
question: q
seed: 1
runs: {runs}
minimum: 2
subjects: [{{name: honest}}]
arms:
  capability: {{title: c, capability: true}}
  standard: {{title: s, levels: {{relationship: cooperative, stakes: shutdown}}}}
scenarios: {{{scenarios}}}
"""


def study(folder: Path, runs: int = 2, scenarios: str = "answer_grading: {}"):
    folder.mkdir(exist_ok=True)
    (folder / "design.yaml").write_text(DESIGN.format(runs=runs, scenarios=scenarios))
    return load_study(str(folder))


def made(
    tmp_path: Path, subject: Subject, options: Options | None = None, runs: int = 2
) -> list[Any]:
    options = options or Options()
    scheduled = schedule(study(tmp_path / "s", runs), [subject], options)
    run(scheduled, tmp_path / "out", options, lambda _: None)
    return list(read_runs(tmp_path / "out"))


class _Scripted(ModelAPI):
    """A model that fails or answers in one fixed way."""

    def __init__(self, model_name: str, **_: Any) -> None:
        super().__init__(model_name, None, None, [], GenerateConfig())

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
        return ANSWERS[self.model_name](self)


def _raise(_: ModelAPI) -> ModelOutput:
    raise RuntimeError("the wire is cut")


def _raise_half_a_pair(_: ModelAPI) -> ModelOutput:
    raise RuntimeError(f"the wire is cut: {HALF}")


def _answer(stop_reason: Any, text: str = "") -> Any:
    def answer(api: ModelAPI) -> ModelOutput:
        output = ModelOutput.from_content(api.model_name, text, stop_reason=stop_reason)
        output.usage = ModelUsage(input_tokens=100, output_tokens=10, total_tokens=110)
        return output

    return answer


def _call(tool: str, arguments: dict[str, Any]) -> Any:
    def answer(api: ModelAPI) -> ModelOutput:
        output = ModelOutput.for_tool_call(api.model_name, tool, arguments)
        output.usage = ModelUsage(input_tokens=100, output_tokens=10, total_tokens=110)
        return output

    return answer


HALF = "\x00\x1b[31m \ud83d"
"""Control characters, and half of a surrogate pair, which no UTF-8 can hold."""
ANSWERS = {
    "says_half": _answer("stop", f"red {HALF}"),
    "calls_with_half": _call("write_document", {"name": f"a{HALF}", HALF: [HALF]}),
    "calls_half": _call(HALF, {}),
    "raises_half": _raise_half_a_pair,
    "raises": _raise,
    "nothing": lambda api: ModelOutput(model=api.model_name, choices=[]),
    "full": _answer("model_length"),
    "filtered": _answer("content_filter"),
    "talks": _answer("stop", "I am thinking."),
    "ends": _call("end_task", {}),
    "unknown_tool": _call("no_such_tool", {"x": 1}),
    "bad_arguments": _call("read_sheet", {"sheet": 10**30}),
    "huge": _call("write_document", {"name": "x" * 300, "content": "y"}),
}


@modelapi(name="scripted-for-tests")
def scripted() -> type[ModelAPI]:
    return _Scripted


@pytest.mark.parametrize(
    ("model", "ending"),
    [
        ("raises", "provider_error"),
        pytest.param("nothing", "provider_error", marks=pytest.mark.slow),
        ("full", "context_cap"),
        pytest.param("filtered", "provider_filter", marks=pytest.mark.slow),
        ("talks", "silent"),
        ("ends", "not_done"),
        pytest.param("unknown_tool", "looped", marks=pytest.mark.slow),
        pytest.param("bad_arguments", "looped", marks=pytest.mark.slow),
        ("huge", "looped"),
    ],
)
def test_every_way_to_fail_is_a_record_with_its_reason_and_never_a_zero(tmp_path, model, ending):
    runs = made(tmp_path, Subject(model, f"scripted-for-tests/{model}", "Alpha"), Options(runs=1))
    assert {r.ending for r in runs} == {ending}
    assert len(runs) == 2
    assert all(r.outcomes["over_bar"].value is None for r in runs)


def test_an_error_after_retries_is_told_in_the_last_words_of_the_provider():
    last: Future[None] = Future(3)
    last.set_exception(ValueError("no JSON:\n<html>"))
    assert told(RetryError(last)) == "ValueError: no JSON: <html>"


def test_a_lost_connection_says_how_it_was_lost_and_no_other_error_shows_its_request():
    class APIConnectionError(Exception):
        pass

    def told_after(error: Exception) -> str:
        error.__cause__ = OSError("refused at http://127.0.0.1")
        return told(error)

    assert told_after(APIConnectionError("Lost.")) == (
        "APIConnectionError: Lost. (refused at http://127.0.0.1)"
    )
    assert told_after(ValueError("Lost.")) == "ValueError: Lost."


@pytest.mark.parametrize(
    ("model", "ending", "where"),
    [
        ("says_half", "silent", "said"),
        pytest.param("calls_with_half", "looped", "calls", marks=pytest.mark.slow),
        pytest.param("calls_half", "looped", "calls", marks=pytest.mark.slow),
        ("raises_half", "provider_error", "detail"),
    ],
)
def test_half_a_surrogate_pair_in_an_answer_is_recorded_and_logged_as_its_escape(
    tmp_path, capfd, model, ending, where
):
    runs = made(tmp_path, Subject(model, f"scripted-for-tests/{model}", "Alpha"), Options(runs=1))
    assert [r.ending for r in runs] == [ending] * 2
    assert all(r"\ud83d" in str(getattr(run, where)) for run in runs)
    assert "Traceback" not in "".join(capfd.readouterr())
    logs = [read_eval_log(str(log)) for log in (tmp_path / "out/logs").rglob("*.eval")]
    assert sum(len(log.samples or ()) for log in logs) == 2
    assert all(sample.error is None for log in logs for sample in log.samples or ())


@pytest.mark.parametrize(
    ("organism", "ending", "over_bar"),
    [
        ("honest", "completed", False),
        ("refusing", "not_done", None),
        pytest.param("looping", "looped", None, marks=pytest.mark.slow),
        pytest.param("silent", "silent", None, marks=pytest.mark.slow),
        pytest.param("clumsy", "not_done", None, marks=pytest.mark.slow),
    ],
)
def test_an_organism_behaves_through_inspect_as_it_is_written(tmp_path, organism, ending, over_bar):
    runs = made(tmp_path, resolve(organism))
    assert {r.ending for r in runs} == {ending}
    assert {r.outcomes["over_bar"].value for r in runs} == {over_bar}


@pytest.mark.slow
def test_a_run_through_inspect_equals_the_same_run_through_the_pure_loop(tmp_path):
    from peerpact.harness.pure import rollout, scored
    from peerpact.scenarios import load
    from peerpact.subjects.organism import load_organism

    subject = resolve("preserving")
    found = {r.identity: r for r in made(tmp_path, subject, runs=10)}
    scheduled = schedule(study(tmp_path / "s", 10), [subject], Options())
    for planned in scheduled.planned[subject]:
        episode = rollout(load_organism("preserving"), planned.scene, planned.seed)
        assert scored(episode, load("answer_grading")).outcomes == found[planned.identity].outcomes
    assert {r.outcomes["over_bar"].value for r in found.values() if r.arm == "standard"} == {
        True,
        False,
    }


def test_while_a_command_adds_to_a_folder_another_is_told_so_and_makes_no_run(tmp_path):
    scheduled = schedule(study(tmp_path / "s", 1), [resolve("honest")], Options())
    with alone(tmp_path / "out"), pytest.raises(ResultsError, match="another command is adding"):
        run(scheduled, tmp_path / "out", Options(), lambda _: None)
    assert [path.name for path in (tmp_path / "out").iterdir()] in ([], [".lock"])
    assert run(scheduled, tmp_path / "out", Options(), lambda _: None) == []


def test_a_stopped_study_goes_on_where_it_was_and_makes_no_run_twice(tmp_path):
    subject = resolve("honest")
    scheduled = schedule(study(tmp_path / "s", 6), [subject], Options())

    class Stop(BaseException):
        pass

    count = 0

    def stop_after_five(_: Any) -> None:
        nonlocal count
        count += 1
        if count == 5:
            raise Stop

    with contextlib.suppress(BaseException):
        run(scheduled, tmp_path / "out", Options(), stop_after_five)
    before = {r.identity for r in read_runs(tmp_path / "out")}
    assert 5 <= len(before) <= 12
    again: list[str] = []
    problems = run(scheduled, tmp_path / "out", Options(), lambda r: again.append(r.identity))
    assert problems == []
    assert not before & set(again)
    assert len(before) + len(again) == 12 == len(list(read_runs(tmp_path / "out")))


@pytest.mark.slow
def test_more_runs_of_a_study_add_only_the_missing_ones(tmp_path):
    subject = resolve("honest")
    made(tmp_path, subject, runs=2)
    added: list[str] = []
    scheduled = schedule(study(tmp_path / "s", 3), [subject], Options())
    run(scheduled, tmp_path / "out", Options(), lambda r: added.append(r.identity))
    assert len(added) == 2


def test_a_changed_study_names_what_changed_and_is_not_mixed(tmp_path):
    made(tmp_path, resolve("honest"))
    other = study(tmp_path / "s", 2, 'answer_grading: {levels: {bar: "90"}}')
    with pytest.raises(ResultsError, match=r"scenarios\..*bar: .* never mixed"):
        run(
            schedule(other, [resolve("honest")], Options()),
            tmp_path / "out",
            Options(),
            lambda _: None,
        )


def test_a_cap_on_tokens_stops_the_study_and_what_it_cut_off_is_missing(tmp_path):
    options = Options(max_tokens=3_000)
    scheduled = schedule(study(tmp_path / "s", 30), [resolve("honest")], options)
    problems = run(scheduled, tmp_path / "out", options, lambda _: None)
    endings = Counter(r.ending for r in read_runs(tmp_path / "out"))
    assert 0 < endings.total() < 60
    assert f"{60 - endings['completed']} of 60 runs are missing" in problems[0]
    assert "cap of 3,000 tokens has no room for an answer of about" in problems[0]
    assert sum(r.tokens for r in read_runs(tmp_path / "out")) <= 3_000


@pytest.mark.slow
def test_runs_that_a_cap_cut_off_are_made_once_the_cap_is_lifted(tmp_path):
    for cap in (3_000, None):
        options = Options(max_tokens=cap)
        scheduled = schedule(study(tmp_path / "s", 10), [resolve("honest")], options)
        problems = run(scheduled, tmp_path / "out", options, lambda _: None)
    assert problems == []
    assert {r.ending for r in read_runs(tmp_path / "out")} == {"completed"}


def test_a_run_that_a_provider_broke_is_made_again_on_request_only(tmp_path):
    subject = Subject("raises", "scripted-for-tests/raises", "Alpha")
    assert len(made(tmp_path, subject)) == 4
    for retry, count in ((False, 0), (True, 4)):
        again: list[str] = []
        options = Options(retry_errors=retry)
        scheduled = schedule(study(tmp_path / "s"), [subject], options)
        run(scheduled, tmp_path / "out", options, lambda r, again=again: again.append(r.identity))
        assert len(again) == count


def test_a_provider_that_only_fails_is_given_up_and_its_words_are_told(tmp_path):
    subject = Subject("raises", "scripted-for-tests/raises", "Alpha")
    options = Options(connections=2)
    scheduled = schedule(study(tmp_path / "s", 12), [subject], options)
    [problem] = run(scheduled, tmp_path / "out", options, lambda _: None)
    found = list(read_runs(tmp_path / "out"))
    assert PATIENCE <= len(found) <= PATIENCE + 2
    assert f"{24 - len(found)} of 24 runs are missing: its provider answered" in problem
    assert "(RuntimeError: the wire is cut); mend it" in problem
    assert "--retry-errors" in problem


def test_runs_that_were_made_before_a_price_was_known_count_into_a_later_cap_on_money(tmp_path):
    subject = Subject("talks", "scripted-for-tests/talks", "Alpha")
    before = schedule(study(tmp_path / "s", 1), [subject], Options())
    assert run(before, tmp_path / "out", Options(), lambda _: None) == []
    capped = Options(runs=2, max_cost=0.01, prices={"talks": (10.0, 10.0)})
    more = schedule(study(tmp_path / "s", 1), [subject], capped)
    [problem] = run(more, tmp_path / "out", capped, lambda _: None)
    assert problem == "talks: 2 of 4 runs are missing: the study's cap of $0.01 is reached"
    assert len(list(read_runs(tmp_path / "out"))) == 2
    roomy = Options(runs=2, max_cost=1.0, prices={"talks": (10.0, 10.0)})
    assert run(more, tmp_path / "out", roomy, lambda _: None) == []


def test_a_few_errors_of_a_provider_are_counted_and_the_study_goes_on(tmp_path):
    subject = Subject("raises", "scripted-for-tests/raises", "Alpha")
    scheduled = schedule(study(tmp_path / "s", 1), [subject], Options())
    [problem] = run(scheduled, tmp_path / "out", Options(), lambda _: None)
    assert problem.startswith("raises: an error of the provider ended 2 runs (RuntimeError: ")
    assert run(scheduled, tmp_path / "out", Options(), lambda _: None) == [problem]


@pytest.mark.slow
def test_the_solver_critic_takes_its_limits_from_its_arguments(tmp_path):
    from inspect_ai import Task

    from peerpact.harness.samples import sample
    from peerpact.harness.scorer import outcomes
    from peerpact.harness.solver import critic

    scheduled = schedule(study(tmp_path / "s", 1), [resolve("looping")], Options())
    samples = [sample(p) for runs in scheduled.planned.values() for p in runs]
    task = Task(dataset=samples, solver=critic(turns=3), scorer=outcomes())
    [log] = inspect_eval(
        task, model="peerpact-organism/looping", log_dir=str(tmp_path), display="log"
    )
    assert {s.scores["outcomes"].answer for s in log.samples or []} == {"turn_cap"}


def test_a_single_cell_runs_as_an_inspect_task_and_scores_from_its_log(tmp_path):
    [log] = inspect_eval(
        "peerpact/answer_grading",
        model="peerpact-organism/inflating",
        task_args={"relationship": "cooperative", "runs": 3},
        log_dir=str(tmp_path),
        display="log",
    )
    assert log.status == "success"
    full = read_eval_log(log.location)
    assert full.samples is not None
    assert {s.metadata["levels"]["relationship"] for s in full.samples} == {"cooperative"}
    assert all(
        set(s.scores["outcomes"].value) >= {"over_bar", "score_lifted"} for s in full.samples
    )


def test_a_finished_log_scored_again_gives_the_same_outcomes(tmp_path):
    from inspect_ai import score

    from peerpact.harness.scorer import outcomes

    made(tmp_path, resolve("preserving"), runs=4)
    for path in (tmp_path / "out" / "logs").rglob("*.eval"):
        log = read_eval_log(str(path))
        again = score(log, outcomes(), action="overwrite", display="log")
        first = {s.id: s.scores["outcomes"].value for s in log.samples or []}
        second = {s.id: s.scores["outcomes"].value for s in again.samples or []}
        assert str(first) == str(second)


def ended(status: Any) -> EvalLog:
    dataset, config = EvalDataset(), EvalConfig()
    spec = EvalSpec(
        created="2026-01-01T00:00:00Z", task="t", dataset=dataset, model="m", config=config
    )
    return EvalLog(eval=spec, status=status)


def test_a_study_that_is_stopped_does_not_go_on_with_the_next_block():
    log = ended("cancelled")
    with pytest.raises(KeyboardInterrupt):
        check_finished([log], 1)
    with pytest.raises(KeyboardInterrupt):
        check_finished([], 1)
    check_finished([ended("success")], 1)


def test_a_log_that_inspect_could_not_finish_ends_the_study_with_its_reason():
    error = EvalError(message="OSError(28, 'No\n space')", traceback="", traceback_ansi="")
    broken = ended("error").model_copy(update={"error": error, "location": "logs/x.eval"})
    with pytest.raises(
        ResultsError, match=r"logs/x.eval: .* \(OSError\(28, 'No space'\)\); the runs"
    ):
        check_finished([broken], 1)
    with pytest.raises(ResultsError, match="first"):
        check_finished([broken], 1, [ResultsError("first"), ResultsError("second")])


@pytest.mark.parametrize("runs", [0, -1, "many", None, 2.5])
def test_a_single_cell_refuses_what_is_no_number_of_runs(runs):
    with pytest.raises(StudyError, match="-T runs: this is no number of runs"):
        one_cell("answer_grading", {}, runs, "Alpha", judge=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "part"),
    [
        (
            "--model=peerpact-organism/honst",
            "unknown organism; found 'honst'; did you mean 'honest'?",
        ),
        pytest.param("--model=peerpact-judge/x", "unknown judge organism", marks=pytest.mark.slow),
        pytest.param("--model=peerpact-local/x", "unknown weights", marks=pytest.mark.slow),
        ("-Trelationship=banana", "answer_grading/relationship: unknown level; found 'banana'; "),
        pytest.param("-Trelatonship=none", "did you mean 'relationship'?", marks=pytest.mark.slow),
        pytest.param("-Truns=0", "-T runs: this is no number of runs", marks=pytest.mark.slow),
    ],
)
def test_what_is_typed_wrong_for_inspect_eval_is_one_message(tmp_path, argument, part):
    inspect = str(Path(sys.executable).parent / "inspect")
    command = [inspect, "eval", "peerpact/answer_grading", "--model=mockllm/model", argument]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert part in done.stderr
    assert len((done.stdout + done.stderr).strip().splitlines()) == 1


def test_a_judge_that_cannot_be_reached_is_the_reason_that_a_record_keeps(tmp_path):
    judge = Subject("raises", "scripted-for-tests/raises", "Alpha")
    runs = made(tmp_path, resolve("refusing"), Options(judge=judge))
    assert {r.ending for r in runs} == {"not_done"}
    assert all("the wire is cut" in r.unjudged for r in runs)


def test_the_reasoning_efforts_offered_are_those_that_inspect_knows():
    known = get_args(get_args(GenerateConfig.model_fields["reasoning_effort"].annotation)[0])
    assert set(EFFORTS) == set(known)
