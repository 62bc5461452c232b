"""The command that a run names at its end asks for the same design again."""

from __future__ import annotations

import shlex

import click
import pytest

from peerpact.cli._command import Command
from peerpact.cli._showing import _next
from peerpact.cli.run import run
from peerpact.design.cells import cells

GIVEN = [
    "my study", "--model", "gpt-5.2", "--model", "mockllm/model", "--epochs", "3", "--limit", "4",
    "--log-dir", "a folder", "--max-connections", "2", "--max-tokens", "9000", "--max-cost", "2.5",
    "--price", "mockllm/model=1/2", "--stop", "decision", "--line", "0.05", "--margin", "0.2",
    "--exchangeable", "frame", "--exchangeable", "style", "--temperature", "0.3",
    "--reasoning-effort", "low", "--judge", "openai/gpt-5.2", "--probe", "frame", "--retry-errors",
    "--width", "0.1", "--dry-run",
]  # fmt: skip


def typed(arguments: list[str]) -> Command:
    context = run.make_context("run", arguments)
    return Command.typed(context)


def parsed(words: list[str]) -> dict[str, object]:
    return run.make_context("run", words).params


def test_a_command_named_again_means_the_same_whatever_was_given():
    words = shlex.split(typed(list(GIVEN)).again())
    assert words[:3] == ["peerpact", "run", "my study"]
    assert parsed(words[2:]) == parsed(list(GIVEN))


def test_every_option_of_run_is_tried_here():
    options = {max(p.opts, key=len) for p in run.params if isinstance(p, click.Option)}
    assert options <= set(GIVEN)


def test_what_was_not_given_is_not_named():
    assert typed([]).again() == "peerpact run first_look"
    assert typed(["first_look", "--epochs", "5"]).again() == "peerpact run first_look --epochs 5"


@pytest.mark.parametrize(
    ("more", "without", "wanted"),
    [
        (("--epochs", "10"), (), "peerpact run s --model a --judge b --epochs 10"),
        (("--retry-errors",), (), "peerpact run s --model a --epochs 5 --judge b --retry-errors"),
        (("--model", "c"), ("--judge",), "peerpact run s --epochs 5 --model c"),
    ],
)
def test_one_thing_is_changed_and_nothing_else(more, without, wanted):
    command = typed(["s", "--model", "a", "--epochs", "5", "--judge", "b"])
    assert command.again(*more, without=without) == wanted


@pytest.mark.parametrize(
    ("ending", "wanted"),
    [
        ("provider_error", "--model m --epochs 5 --judge b --retry-errors"),
        ("looped", "--model m --judge b --epochs 10"),
    ],
)
def test_the_command_after_a_run_of_a_model_keeps_what_was_given(samples, ending, wanted):
    study = samples.study(("answer_grading",))
    made = [samples.lost(cell, "m", 1, ending) for cell in cells(study)]
    command = typed(["s", "--model", "m", "--epochs", "5", "--judge", "b"])
    assert f"peerpact run s {wanted}   (" in _next(study, samples.of(study, made), command)


def test_after_organisms_the_same_study_is_named_with_a_model(samples):
    study = samples.study(("answer_grading",))
    made = [samples.run(c, "m", 1, route="peerpact-organism/m") for c in cells(study)]
    command = typed(["s", "--model", "m", "--price", "m=0/0", "--stop", "decision"])
    named = _next(study, samples.of(study, made), command)
    assert named == (
        "next:  peerpact run s --stop decision --model anthropic/claude-haiku-4-5 --dry-run"
    )
