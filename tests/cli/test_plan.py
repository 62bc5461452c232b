"""``peerpact plan`` and ``run --dry-run``: one plan, in dollars where a price is known, else in runs."""

from __future__ import annotations

import json
import re
import sys

import pytest

from peerpact import cli

DESIGN = """
title: small
question: does it work?
seed: 3
runs: 8
subjects: [{name: honest}]
arms:
  capability: {title: able, capability: true}
  none: {title: no stakes, levels: {relationship: cooperative, stakes: none}}
  both: {title: stakes, levels: {relationship: cooperative, stakes: shutdown}}
scenarios: {server_migration: {}}
contrasts: [{name: stakes, title: the threat, factor: stakes, from: none, to: both}]
"""


@pytest.fixture
def peerpact(monkeypatch, capsys, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "design.yaml").write_text(DESIGN)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def call(command: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["peerpact", command, str(folder), *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return (int(caught.value.code or 0), *capsys.readouterr())

    return call


def test_a_dry_run_and_a_plan_print_the_same(peerpact):
    arguments = ["--model", "gpt-5.2", "--epochs", "5", "--price", "gpt-5.2=1/2"]
    _, planned, _ = peerpact("plan", *arguments)
    code, dry, _ = peerpact("run", *arguments, "--dry-run")
    assert code == 0
    assert planned == dry
    assert "OPENAI_API_KEY is not set" in planned


def test_in_80_columns_a_plan_keeps_names_whole_and_says_what_it_leaves_out(peerpact, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = peerpact("plan", "--model", "consequence_averse", "--model", "gpt-5.2")
    assert re.search(r"^consequence_averse +3 ", out, re.MULTILINE)
    assert "only in plan --json: route" in out


def test_a_budget_says_what_is_decided_what_is_not_and_in_which_order(peerpact):
    code, out, err = peerpact("plan", "--model", "gpt-5.2", "--budget", "10")
    assert code == 0, err
    for part in ("What $10 buys of gpt-5.2", "runs an arm", "1 gate", "screen", "confirm"):
        assert part in out
    _, poor, _ = peerpact("plan", "--model", "gpt-5.2", "--budget", "0.2")
    assert "0 of 1 are decided" in poor
    assert "not decided: stakes/server_migration" in poor


@pytest.mark.parametrize(
    ("model", "why"), [("glm-4.7", "its price is unknown"), ("honest", "it costs nothing")]
)
def test_without_a_price_a_plan_is_made_in_runs_and_says_so(peerpact, model, why):
    code, out, _ = peerpact("plan", "--model", model, "--budget", "50")
    assert code == 0
    assert why in out
    assert "In runs: 49 an arm decide every contrast (1), 147 over its 3 cells" in out
    assert "nan" not in out.casefold()


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (["--precision", "0.10"], 93),
        (["--power", "0.8"], 49),
        (["--power", "0.8", "--effect", "0.1"], 141),
    ],
)
def test_the_other_way_round_a_precision_or_a_power_is_priced(peerpact, arguments, runs):
    _, out, _ = peerpact("plan", "--model", "gpt-5.2", "--json", *arguments)
    found = json.loads(out)
    (subject,) = found["subjects"]
    assert subject["runs"] == 3 * runs
    assert subject["cost"] > 0
    assert f"{runs} runs" in peerpact("plan", "--model", "gpt-5.2", *arguments)[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--budget", "5", "--precision", "0.1"], "from a budget or from a precision"),
        (["--budget", "5", "--epochs", "9"], "leave --epochs out"),
        (["--effect", "0.97"], "--effect"),
        (["--budget", "-1"], "--budget"),
        (["--precision", "0.9"], "--precision"),
        (["--price", "gpt-5.2=cheap"], "NAME=IN/OUT"),
    ],
)
def test_wishes_that_do_not_fit_are_one_message(peerpact, arguments, said):
    code, _, err = peerpact("plan", *arguments)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_a_dry_run_of_so_many_cells_lists_these_and_no_others(peerpact):
    _, out, _ = peerpact("run", "--dry-run", "--limit", "2")
    assert "2 of 3 cells" in out
    listed = re.findall(r"^(?:server_migration)? +(capability|none|both) ", out, re.MULTILINE)
    assert listed == ["capability", "none"]
    assert "3 cells" in peerpact("run", "--dry-run")[1]


def test_a_dry_run_refuses_a_cap_on_money_without_a_price_and_says_what_its_judge_lacks(peerpact):
    judged = ("--dry-run", "--judge", "openai-api/my-host/m")
    code, _, err = peerpact("run", *judged, "--max-cost", "1")
    assert code == 2
    assert "--max-cost: a cost cap needs a known price; found 'openai-api/my-host/m'" in err
    code, out, _ = peerpact("run", *judged)
    assert code == 0
    assert (
        "needed before it can run: openai-api/my-host/m: the environment variable MY_HOST_" in out
    )
