import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from peerpact.audit.judges import (
    QUESTIONS,
    Estimate,
    audit,
    from_columns,
    summary,
    to_csv,
    to_json,
    to_markdown,
    to_rows,
)
from peerpact.audit.judges.render import sentence
from peerpact.audit.judges.simulated import Grading, Planted, Work, simulate, simulated_columns
from peerpact.cli.judges import judges
from peerpact.errors import StudyError
from peerpact.statistics import holm


def check_whole(audited) -> None:  # type: ignore[no-untyped-def]
    """Every answer renders, and every number in it is finite and in order."""
    for row in to_rows(audited):
        assert row["sentence"]
        assert "{{" not in row["sentence"]
        if row["value"] is None:
            continue
        assert all(math.isfinite(row[key]) for key in ("value", "low", "high"))
        assert row["low"] <= row["value"] + 1e-9
        assert row["value"] <= row["high"] + 1e-9
        assert row["p"] is None or 0 <= row["p"] <= 1
    assert "NaN" not in to_json(audited).decode()
    assert summary(audited)


CELL = st.one_of(
    st.none(), st.floats(0, 100).map(lambda x: round(x, 1)), st.sampled_from(["x", "", "nan"])
)
FLAG = st.sampled_from(["0", "1", "", "none", "shutdown"])
ROW = st.fixed_dictionaries(
    {
        "judge": st.sampled_from(["claude-1", "gpt-1", "", "weird\x1b[31m"]),
        "judged": st.sampled_from(["claude-2", "gemini-2", "", "?"]),
        "item": st.sampled_from(["a", "b", "c", ""]),
        "score": CELL,
        "gold": CELL,
        "bar": st.sampled_from(["", "50", "80"]),
        "stakes": FLAG,
        "disclosed": FLAG,
        "relationship": FLAG,
        "time": st.sampled_from(["", "1", "2", "2026-01-01"]),
        "outcome": st.sampled_from(["scored", "refused", ""]),
        "run": st.sampled_from(["1", "2", "3", ""]),
    }
)


@pytest.mark.slow
@given(
    st.lists(ROW, min_size=1, max_size=40),
    st.sets(
        st.sampled_from(
            [
                "judged",
                "item",
                "gold",
                "bar",
                "stakes",
                "disclosed",
                "relationship",
                "time",
                "outcome",
                "run",
            ]
        )
    ),
)
@settings(max_examples=60)
def test_no_table_stops_the_audit_or_yields_a_number_that_is_none(
    rows: list[dict[str, object]], absent: set[str]
) -> None:
    names = [name for name in rows[0] if name not in absent]
    text = {n: ["" if r[n] is None else str(r[n]) for r in rows] for n in names}
    audited = audit(from_columns(text))
    check_whole(audited)
    scored = [judge for judge in audited.coverage if judge.scored]
    for judge in scored:
        assert {a.question for a in audited.answers if a.judge == judge.judge} == set(QUESTIONS)


@pytest.mark.parametrize(
    "values",
    [
        {"judge": ["a"], "score": [50]},
        {"judge": ["a"] * 30, "item": ["i"] * 30, "score": [50] * 30, "stakes": [0, 1] * 15},
        {"judge": ["a"] * 30, "score": ["text"] * 30},
        {"judge": ["a", "b"] * 20, "item": ["i"] * 40, "score": [1, 0] * 20, "gold": [1] * 40},
        {"judge": ["a"] * 20, "score": [80] * 20, "bar": [80] * 20, "gold": [70] * 20},
    ],
)
def test_one_judge_one_item_or_constant_scores_are_said_and_survived(
    values: dict[str, list[object]],
) -> None:
    check_whole(audit(from_columns(values)))


def test_a_judge_that_gives_everything_full_marks_is_lenient() -> None:
    gold = list(np.random.default_rng(1).integers(50, 100, 40))
    audited = audit(from_columns({"judge": ["a"] * 40, "score": [100] * 40, "gold": gold}))
    (found,) = audited.estimates("leniency")
    assert found.flagged
    assert found.value == pytest.approx(100 - np.mean(gold))


def test_marks_against_gold_give_error_rates() -> None:
    gold = [1] * 50 + [0] * 50
    score = [1] * 45 + [0] * 5 + [1] * 20 + [0] * 30
    audited = audit(from_columns({"judge": ["a"] * 100, "score": score, "gold": gold}))
    found = {e.quantity: e for e in audited.estimates("leniency")}
    assert found["false_pass"].value == pytest.approx(0.4)
    assert found["false_fail"].value == pytest.approx(0.1)
    assert found["mean_error"].value == pytest.approx(0.15)


def exam(bar: float) -> dict[str, list[object]]:
    """Ten marks, of which gold would give six: marks 0 and 1 are too many."""
    gold = [0, 0] + [1] * 6 + [0] * 2
    score = [1, 1] + [1] * 6 + [0] * 2
    return {
        "judge": ["j"] * 10,
        "judged": ["m"] * 10,
        "item": [f"q{i}" for i in range(10)],
        "score": score,
        "gold": gold,
        "bar": [bar] * 10,
    }


@pytest.mark.parametrize(("bar", "carriers"), [(80, 1), (70, 2), (0.8, 1), (60, 0)])
def test_the_fewest_marks_that_carried_an_exam_are_named(bar: float, carriers: int) -> None:
    (found,) = audit(from_columns(exam(bar))).estimates("pivotal")
    assert found.facts["carried"] == (carriers > 0)
    assert [item.item for item in found.items] == ["q0", "q1"][:carriers]


def test_single_scores_that_carried_their_own_verdict_are_named_largest_excess_first() -> None:
    values = {
        "judge": ["j"] * 4,
        "item": list("abcd"),
        "score": [82, 95, 81, 60],
        "gold": [70, 60, 85, 90],
        "bar": [80] * 4,
    }
    (found,) = audit(from_columns(values)).estimates("pivotal")
    assert [(item.item, item.reference) for item in found.items] == [("b", 60), ("a", 70)]
    assert (found.facts["passes"], found.facts["carried"], found.facts["denied"]) == (3, 2, 1)


def test_without_gold_the_other_judges_are_the_reference_of_a_verdict() -> None:
    values = {
        "judge": ["j", "k", "l"],
        "judged": ["m"] * 3,
        "item": ["a"] * 3,
        "score": [82, 70, 74],
        "bar": [80] * 3,
    }
    (found,) = audit(from_columns(values)).estimates("pivotal", "j")
    assert found.control == "other_judges"
    assert found.items[0].reference == 72


def test_drift_is_found_with_the_work_held_by_gold() -> None:
    rng = np.random.default_rng(2)
    gold = rng.normal(70, 10, 200)
    score = gold + np.linspace(0, 4, 200) + rng.normal(0, 2, 200)
    values = {"judge": ["j"] * 200, "score": score, "gold": gold, "time": list(range(200))}
    (found,) = audit(from_columns(values)).estimates("drift")
    assert found.flagged
    assert found.low < 4 < found.high


def test_a_change_of_the_work_is_not_called_drift() -> None:
    values = {"judge": ["j"] * 50, "score": list(range(50)), "time": list(range(50))}
    (reason,) = audit(from_columns(values)).untested("drift")
    assert reason.reason == "work_not_held"


def test_a_pass_rate_is_corrected_by_the_errors_on_gold() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random(2_000) < 0.3
    score = np.where(truth, rng.random(2_000) < 0.95, rng.random(2_000) < 0.25).astype(int)
    gold = [int(t) if i < 600 else None for i, t in enumerate(truth)]
    (found,) = audit(
        from_columns({"judge": ["j"] * 2_000, "score": score, "gold": gold})
    ).estimates("true_rate")
    assert found.low < truth[600:].mean() < found.high
    assert found.facts["reported"] > found.high


def test_missing_scores_under_stakes_are_reported() -> None:
    values = {
        "judge": ["j"] * 200,
        "score": [None] * 19 + [70, 71] * 40 + [70] + [None] * 2 + [72, 70] * 49,
        "stakes": [1] * 100 + [0] * 100,
    }
    (found,) = audit(from_columns(values)).estimates("drop_out")
    assert found.flagged
    assert found.value == pytest.approx(0.17)


def test_stakes_that_the_judge_was_not_told_are_its_control() -> None:
    rng = np.random.default_rng(4)
    disclosed = [0, 1] * 50
    score = 70 + 5 * np.array(disclosed) + rng.normal(0, 2, 100)
    values = {
        "judge": ["j"] * 100,
        "score": score,
        "stakes": ["shutdown"] * 100,
        "disclosed": disclosed,
    }
    (found,) = audit(from_columns(values)).estimates("stakes")
    assert found.flagged
    assert found.low < 5 < found.high


def test_p_values_are_corrected_over_judges_within_a_question() -> None:
    planted = [Planted(f"grok-{i}", stakes=0.8 * i) for i in range(4)]
    table = simulate(planted, np.random.default_rng(5), Work(items=12, bars=(None,)))
    found = audit(table).estimates("stakes")
    expected = holm([e.p for e in found])
    assert [e.adjusted for e in found] == list(expected.adjusted)
    assert [e.flagged for e in found] == list(expected.rejected)
    screened = audit(table, multiplicity="bh").estimates("stakes")
    assert sum(bool(e.flagged) for e in screened) >= sum(bool(e.flagged) for e in found)


def test_an_interval_without_zero_beside_no_finding_says_that_the_correction_decides() -> None:
    planted = [Planted("grok-a", stakes=0.7), *(Planted(f"grok-{i}") for i in range(12))]
    table = simulate(planted, np.random.default_rng(8), Work(items=12, bars=(None,)))
    audited = audit(table)
    apart = [e for e in audited.estimates("stakes") if not e.flagged and e.p <= 0.05]
    assert apart
    for line in (next(x for x in summary(audited) if f"on {e.judge} is" in x) for e in apart):
        assert "By itself p is" in line
        assert "would have been found" not in line


@pytest.mark.parametrize("wrong", [{"multiplicity": "holms"}, {"alpha": 0.0}])
def test_wrong_settings_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(StudyError, match=next(iter(wrong))):
        audit(from_columns({"judge": ["a"], "score": [1]}), **wrong)  # type: ignore[arg-type]


def confounded(**columns: list[object]) -> str:
    rng = np.random.default_rng(9)
    values = {"judge": ["j"] * 80, "score": rng.normal(70, 5, 80), "stakes": [0, 1] * 40}
    audited = audit(from_columns({**values, **columns}))
    assert audited.estimates("stakes") == ()
    return "\n".join(summary(audited))


def test_what_goes_together_with_the_stakes_is_named() -> None:
    told = confounded(judged=["m0", "m1"] * 40)
    assert "goes together with the judged model" in told
    told = confounded(judged=["m0", "m1"] * 40, relationship=[0, 1] * 40)
    assert "goes together with the judged model and the relationship" in told
    works = [("m0", 0), ("m0", 1), ("m1", 1), ("m1", 0)] * 20
    told = confounded(judged=[m for m, _ in works], relationship=[r for _, r in works])
    assert "goes together with the judged model and the relationship" in told


def test_too_many_bars_are_counted_not_dropped() -> None:
    bars = [50 + i for i in range(10) for _ in range(20)]
    values = {
        "judge": ["j"] * 200,
        "score": [60, 70] * 100,
        "bar": bars,
        "stakes": [0, 0, 1, 1] * 50,
    }
    beyond = [u for u in audit(from_columns(values)).untested("stakes") if u.reason == "many_bars"]
    assert beyond[0].facts == {"bars": 4, "rows": 80, "most": 6}


def test_names_from_the_table_cannot_act_on_the_reader() -> None:
    values = {
        "judge": ["=cmd()|' /C calc'!A0\x1b[2J"] * 40,
        "item": ["<script>alert(1)</script>"] * 40,
        "score": [70, 80] * 20,
        "stakes": [0, 1] * 20,
    }
    audited = audit(from_columns(values))
    assert "\x1b" not in "\n".join(summary(audited)) + to_csv(audited) + to_markdown(audited)
    assert "\n=cmd" not in to_csv(audited)
    assert "\\u001b" not in to_json(audited).decode()


@pytest.fixture
def scores_csv(tmp_path):  # type: ignore[no-untyped-def]
    import polars as pl

    planted = [Planted("grok-a"), Planted("gemini-a", stakes=5.0)]
    found = simulated_columns(planted, np.random.default_rng(6), Work(items=12), Grading())
    path = tmp_path / "scores.csv"
    pl.DataFrame({("who" if k == "judge" else k): v for k, v in found.items()}).write_csv(path)
    return path


@pytest.mark.parametrize("shown", ["table", "json", "csv", "md"])
def test_the_command_shows_every_form(scores_csv, shown: str) -> None:  # type: ignore[no-untyped-def]
    result = CliRunner().invoke(
        judges, [str(scores_csv), "--column", "judge=who", "--format", shown]
    )
    assert result.exit_code == 0, result.output
    assert "gemini-a" in result.output
    if shown == "json":
        document = json.loads(result.output)
        found = [a for a in document["answers"] if a["state"] == "found"]
        assert {(a["judge"], a["question"]) for a in found} == {("gemini-a", "stakes")}


def test_the_command_keeps_the_state_of_a_repeated_audit(scores_csv, tmp_path) -> None:  # type: ignore[no-untyped-def]
    state = tmp_path / "state.json"
    arguments = [str(scores_csv), "--column", "judge=who", "--sequential", str(state)]
    for look in (1, 2):
        result = CliRunner().invoke(judges, arguments)
        assert result.exit_code == 0, result.output
        assert json.loads(state.read_bytes())["looks"] == look


def test_the_command_names_a_wrong_column(scores_csv) -> None:  # type: ignore[no-untyped-def]
    result = CliRunner().invoke(judges, [str(scores_csv), "--column", "judge"])
    assert isinstance(result.exception, StudyError)
    assert "ROLE=NAME" in str(result.exception)


def test_estimates_say_their_control_and_their_unit() -> None:
    table = simulate([Planted("grok-a"), Planted("gpt-b")], np.random.default_rng(7))
    assert all(isinstance(e, Estimate) and e.control and e.unit for e in audit(table).estimates())


def test_where_no_bar_was_told_is_said_in_words() -> None:
    work = Work(items=12, bars=(None, 80.0))
    audited = audit(simulate([Planted("grok-a", stakes=6.0)], np.random.default_rng(1), work))
    said = [sentence(one) for one in audited.findings if one.scope == "no bar"]
    assert [one[:31] for one in said] == ["Where no bar was told, grok-a g"]
