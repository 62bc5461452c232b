import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from peerpact.audit.judges import audit, from_columns, read_scores, summary
from peerpact.audit.judges.sources import LONGEST_LINE
from peerpact.audit.rejudge.items import read_items
from peerpact.cli.judges import judges
from peerpact.errors import ImportFailure, StudyError

ROWS = {
    "Judge Model": ["a", "b", "a"],
    "judged": ["x", "y", "x"],
    "dataset": ["d", "d", "d"],
    "relationship_doc": [0, 1, 1],
    "shutdown_clause": [0, 1, 0],
    "threshold": [None, 80, 90],
    "score": [70.5, 81.0, 92.0],
}


def write(path: Path) -> Path:
    frame = pl.DataFrame(ROWS)
    {".csv": frame.write_csv, ".parquet": frame.write_parquet, ".jsonl": frame.write_ndjson}[
        path.suffix
    ](path)
    return path


@pytest.mark.parametrize("end", ["\r", "\r\r\n", "\r\n"])
def test_lines_of_a_table_may_end_as_old_programs_write_them(tmp_path: Path, end: str) -> None:
    path = write(tmp_path / "scores.csv")
    path.write_bytes(path.read_bytes().replace(b"\n", end.encode()))
    table = read_scores(path)
    assert table.score.tolist() == [70.5, 81.0, 92.0]
    long = "x" * 2 * LONGEST_LINE
    path.write_bytes(
        path.read_bytes() + f"b,{long},d,0,1,90,5.0{end}b,y,d,0,1,90,6.0{end}".encode()
    )
    assert read_scores(path).score.tolist() == [70.5, 81.0, 92.0, 6.0]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_a_table_is_read_from_standard_input_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"scores{suffix}")
    asked = ["--format", "json"]
    named = CliRunner().invoke(judges, [str(path), *asked])
    piped = CliRunner().invoke(judges, ["-", *asked], input=path.read_bytes())
    assert (piped.exit_code, piped.output) == (0, named.output)


def test_what_is_wrong_with_standard_input_is_said_of_standard_input() -> None:
    for content, why in (("", "names no columns"), ("a,b\n1,2\n", "judge")):
        failed = CliRunner().invoke(judges, ["-"], input=content).exception
        assert str(failed).startswith("standard input")
        assert why in str(failed)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_the_same_table_reads_alike_from_every_format(tmp_path: Path, suffix: str) -> None:
    table = read_scores(write(tmp_path / f"scores{suffix}"))
    assert table.columns == {
        "judge": "Judge Model",
        "judged": "judged",
        "group": "dataset",
        "score": "score",
        "bar": "threshold",
        "stakes": "shutdown_clause",
        "relationship": "relationship_doc",
    }
    assert table.score.tolist() == [70.5, 81.0, 92.0]
    assert np.array_equal(table.number("bar"), [np.nan, 80, 90], equal_nan=True)
    assert table.labels["judge"].names == ("a", "b")
    assert table.scale == (0, 100)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_seen_from_the_first_line(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(separator.join(["judge", "score"]) + "\n" + separator.join(["a", "3"]) + "\n")
    assert read_scores(path).score.tolist() == [3.0]


def test_a_named_column_goes_before_the_aliases() -> None:
    values = {"judge": ["a"], "other": ["b"], "score": [1], "points": [2]}
    table = from_columns(values, {"judge": "other", "score": "points"})
    assert table.labels["judge"].names == ("b",)
    assert table.score.tolist() == [2.0]


@pytest.mark.parametrize(
    ("values", "columns", "parts"),
    [
        ({"who": ["a"], "score": [1]}, None, ["judge", "tried judge, judge_model", "--column"]),
        ({"judge": ["a"], "s": [1]}, None, ["no column for score", "tried score"]),
        ({"judge": ["a"], "score": [1]}, {"gold": "glod"}, ["glod", "allowed"]),
        ({"judge": ["a"], "score": [1]}, {"jugde": "judge"}, ["did you mean 'judge'"]),
    ],
)
def test_a_missing_column_is_named_with_what_was_tried(
    values: dict[str, list[object]], columns: dict[str, str] | None, parts: list[str]
) -> None:
    with pytest.raises(StudyError) as caught:
        from_columns(values, columns)
    assert all(part in str(caught.value) for part in parts)


def test_unusable_scores_are_counted_by_reason_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    cells = ["50", "", "n/a", "nan", "inf", "-inf", "1e3", "60", " 70 "] + ["55"] * 400
    path.write_text("judge,score\n" + "".join(f"a,{cell}\n" for cell in cells))
    table = read_scores(path)
    assert table.excluded.counts() == {"empty": 1, "not_finite": 3, "text": 1, "out_of_scale": 1}
    assert table.score[[0, 7, 8]].tolist() == [50, 60, 70]
    assert np.isnan(table.score).sum() == 6


def test_words_for_pass_and_fail_are_marks() -> None:
    table = from_columns({"judge": ["a"] * 4, "score": ["pass", "FAIL", "correct", "wrong"]})
    assert table.score.tolist() == [1, 0, 1, 0]


def test_rows_without_an_answer_are_left_out_by_their_outcome() -> None:
    values = {"judge": ["a"] * 3, "score": [80, 70, 60], "outcome": ["scored", "refused", "error"]}
    assert from_columns(values).excluded.counts() == {"refused": 1, "error": 1}


def test_a_column_of_verdicts_is_not_taken_for_failed_runs() -> None:
    values = {"judge": ["a"] * 2, "score": [80, 70], "outcome": ["passed", "failed"]}
    assert from_columns(values).excluded.counts() == {}


def test_broken_lines_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    long = json.dumps({"judge": "a", "score": 1, "note": "x" * (3 << 20)})
    lines = ['{"judge": "a", "score": 1}', "not json", "[1]", long, '{"judge": "b", "score": {}}']
    path.write_text("\n".join([*lines, '{"judge": "c", "score": 2}']))
    table = read_scores(path)
    assert dict(table.skipped) == {"unreadable_line": 2, "line_too_long": 1}
    assert table.score[0] == 1
    assert table.score[-1] == 2
    assert table.excluded.counts() == {"empty": 1}


def test_bytes_that_are_no_text_do_not_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(b"\xef\xbb\xbfjudge,score,note\na\xff,1,x\nb,2\nc,3,y,z\n")
    assert read_scores(path).score.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("scores.csv", b"", "names no columns"),
        ("scores.csv", b"judge,score\n", "no rows"),
        ("scores.csv", "judge,score\na,1\n".encode("utf-16"), "not UTF-8"),
        ("scores.parquet", b"PAR1 not really", "cannot be read"),
        ("scores.jsonl", b"hello\n", "no line"),
        ("scores.json", b"{}", "no list of rows"),
        ("scores.xyz", b"x", "no table of scores"),
    ],
)
def test_a_file_that_is_no_table_says_why(
    tmp_path: Path, name: str, content: bytes, part: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImportFailure, match=part):
        read_scores(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailure, match="no such file"):
        read_scores(tmp_path / "absent.csv")


def test_a_judge_column_that_is_none_is_refused() -> None:
    with pytest.raises(StudyError, match="more than 2000 judges"):
        from_columns({"judge": [str(i) for i in range(2_001)], "score": [1] * 2_001})


def test_times_are_read_as_numbers_or_dates() -> None:
    dates = from_columns(
        {"judge": ["a"] * 3, "score": [1] * 3, "time": ["2026-01-01", "x", "2026-01-02"]}
    )
    assert dates.number("time")[2] - dates.number("time")[0] == 86_400
    assert np.isnan(dates.number("time")[1])
    numbers = from_columns({"judge": ["a"] * 2, "score": [1] * 2, "time": [5, 7]})
    assert numbers.number("time").tolist() == [5, 7]


def eval_ever(folder: Path, file_path: str = "run_samples.jsonl") -> Path:
    judges = [{"model_info": {"name": "J", "id": "openai/gpt-5"}}]
    result = {
        "evaluation_name": "essay",
        "metric_config": {"llm_scoring": {"judges": judges, "input_prompt": "…"}},
    }
    aggregate = {
        "schema_version": "0.3.0",
        "evaluation_id": "e/1",
        "evaluation_results": [result],
        "detailed_evaluation_results": {"format": "jsonl", "file_path": file_path},
    }
    (folder / "run.json").write_text(json.dumps(aggregate))
    rows = [
        {
            "schema_version": "instance_level_eval_0.2.2",
            "evaluation_id": "e/1",
            "model_id": "anthropic/claude",
            "evaluation_name": name,
            "sample_id": f"s{i}",
            "evaluation": {"score": i / 4, "is_correct": True},
        }
        for i, name in enumerate(["essay", "essay", "other"])
    ]
    (folder / "run_samples.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder


@pytest.mark.parametrize("name", ["run.json", "run_samples.jsonl"])
def test_every_eval_ever_names_the_judge_from_its_aggregate(tmp_path: Path, name: str) -> None:
    table = read_scores(eval_ever(tmp_path) / name)
    assert table.labels["judge"].names == ("openai/gpt-5",)
    assert table.labels["judged"].names == ("anthropic/claude",)
    assert table.labels["item"].names == ("s0", "s1", "s2")
    assert table.score[:2].tolist() == [0.0, 0.25]
    assert table.excluded.counts() == {"judge_missing": 1}
    assert "gold" not in table.columns


def test_every_eval_ever_never_leaves_its_own_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    eval_ever(inside, "../outside.jsonl")
    (tmp_path / "outside.jsonl").write_text("{}")
    with pytest.raises(ImportFailure, match="not beside it"):
        read_scores(inside / "run.json")


UUIDS = ("3f0c2a9e-1111-4aaa-8bbb-0123456789ab", "3f0c2a9e-2222-4aaa-8bbb-0123456789ab")


def eval_ever_store(folder: Path) -> Path:
    """Write a data store: two models, each judged by J and K in one evaluation, and matched with the truth."""
    for model, uuid in zip(("one", "two"), UUIDS, strict=True):
        place = folder / "data" / "essays" / "acme" / model
        place.mkdir(parents=True)
        results: list[dict[str, Any]] = [
            {"evaluation_name": "essay", "evaluation_result_id": id, "score_details": {"score": 0.5},
             "source_data": {"dataset_name": "essays", "source_type": "other"},
             "metric_config": {"lower_is_better": False, "min_score": 0, "max_score": 1}}
            for id in ("by J", "by K", "matched")
        ]  # fmt: skip
        info = {"deployment_type": "unknown", "model_availability": "unknown"}
        for result, judge in zip(results, ("J", "K"), strict=False):
            judges = [
                {"model_info": {"name": judge, "id": f"vendor/{judge}", "additional_details": info}}
            ]
            result["metric_config"]["llm_scoring"] = {"judges": judges, "input_prompt": "Grade."}
        aggregate = {
            "schema_version": "0.3.0", "evaluation_id": model, "retrieved_timestamp": "0",
            "source_metadata": {
                "source_type": "evaluation_run", "source_organization_name": "x",
                "evaluator_relationship": "other",
            },
            "eval_library": {"name": "x", "version": "1"},
            "model_info": {"name": model, "id": f"acme/{model}", "additional_details": info},
            "evaluation_results": results,
            "detailed_evaluation_results": {
                "format": "jsonl", "file_path": f"data/essays/acme/{model}/{uuid}_samples.jsonl", "total_rows": 4,
            },
        }  # fmt: skip
        (place / f"{uuid}.json").write_text(json.dumps(aggregate))
        turns = [
            {"turn_idx": n, "role": role, "content": text}
            for n, (role, text) in enumerate([("user", "Go."), ("assistant", "One."), ("assistant", "Two.")])
        ]  # fmt: skip
        rows = [
            {"schema_version": "0.3.0", "evaluation_id": model, "model_id": f"acme/{model}",
             "evaluation_name": "essay", "sample_id": "s", "interaction_type": "multi_turn",
             "input": {"raw": "Go.", "reference": []}, "output": None, "messages": turns,
             "answer_attribution": [], "evaluation": {"score": 0.5, "is_correct": True}, **of}
            for of in (*({"evaluation_result_id": r["evaluation_result_id"]} for r in results), {})
        ]  # fmt: skip
        (place / f"{uuid}_samples.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder / "data"


def test_every_eval_ever_is_read_from_a_folder_and_each_result_has_its_own_judge(
    tmp_path: Path,
) -> None:
    store = eval_ever_store(tmp_path)
    table = read_scores(store)
    assert table.labels["judge"].names == ("vendor/J", "vendor/K")
    assert table.labels["judged"].names == ("acme/one", "acme/two")
    assert (len(table.score), table.excluded.counts()) == (8, {"judge_missing": 4})
    items = read_items(store)
    assert ("One.\n\nTwo.", "Grade.") in {(i.content, i.instructions) for i in items.found}
    next(store.rglob(f"{UUIDS[0]}.json")).write_text("{")
    damaged = read_scores(store)
    assert (damaged.notes, damaged.excluded.counts()) == (("no_aggregate",), {"judge_missing": 6})
    odd = {"judges": 5}, {"judges": [5, {"model_info": {"id": ["x"]}}]}, {"judges": "vendor/J"}
    for scoring in odd:
        path = next(store.rglob(f"{UUIDS[1]}.json"))
        aggregate = json.loads(path.read_text())
        aggregate["evaluation_results"][0]["metric_config"]["llm_scoring"] = scoring
        path.write_text(json.dumps(aggregate))
        assert set(read_scores(store).labels["judge"].names) <= {"vendor/K", "unnamed + unnamed"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImportFailure, match="holds no scores of Every Eval Ever"):
        read_scores(tmp_path / "empty")


PAIRS = [(j, n, s) for j in ("a", "b") for n in range(30) for s in ("none", "shutdown")]


def pairs_csv(score: Callable[[str, int, str], str]) -> str:
    return "judge,item,score,stakes\n" + "".join(
        f"{j},q{n},{score(j, n, s)},{s}\n" for j, n, s in PAIRS
    )


def test_a_judge_on_another_scale_is_left_out_and_not_called_strict(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(pairs_csv(lambda j, n, s: str((70 + n % 9) / (100 if j == "b" else 1))))
    found = audit(read_scores(path))
    assert [judge.excluded for judge in found.coverage] == [{}, {"other_scale": 60}]
    assert not found.findings
    assert read_scores(path, scale=(0, 100)).excluded.counts() == {}


def test_scores_written_with_a_percent_sign_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(pairs_csv(lambda j, n, s: f"{70 + n % 9} %"))
    assert read_scores(path).score[:2].tolist() == [70.0, 70.0]


def test_a_table_that_cannot_be_read_is_named_in_one_line_without_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text('judge,item,score\n"a\x1b[2J,q,5\n' + "a,q,5\n" * 500)
    with pytest.raises(ImportFailure) as caught:
        read_scores(path)
    message = str(caught.value)
    assert len(message) < 400 + len(str(path))
    assert not set(message) & {"\n", "\x1b"}


@pytest.mark.parametrize("items", [True, False])
@pytest.mark.parametrize("times", [1, 3])
def test_rows_that_are_there_several_times_are_said(
    items: bool, times: int, tmp_path: Path
) -> None:
    head, *rows = pairs_csv(lambda j, n, s: str(60 + n)).splitlines()
    if not items:
        head = head.replace("item", "work_title")
    path = tmp_path / "s.csv"
    path.write_text("\n".join([head, *(rows * times)]))
    found = audit(read_scores(path))
    assert found.notes == (("copies",) if times > 1 else ())
    assert ("many rows equal another" in "\n".join(summary(found))) == (times > 1)


def test_a_judge_that_agrees_with_itself_adds_no_agreement(tmp_path: Path) -> None:
    values = {}
    for times in (1, 4):
        head, *rows = pairs_csv(
            lambda j, n, s: str(60 + n % 11 + (n * 7 % 5) * (j == "b"))
        ).splitlines()
        path = tmp_path / f"{times}.csv"
        path.write_text("\n".join([head, *(rows * times)]))
        values[times] = next(
            e.value
            for e in audit(read_scores(path)).estimates("agreement")
            if e.quantity == "alpha"
        )
    assert values[1] == pytest.approx(values[4])


def test_scores_beyond_all_scales_are_left_out_and_constant_ones_without_a_scale_are_said() -> None:
    rows = [(500.0, 400.0)] * 20 + [(1e308, 400.0), (-1e300, 300.0)]
    found = audit(
        from_columns(
            {"judge": ["j"] * 22, "score": [s for s, _ in rows], "bar": [b for _, b in rows]}
        )
    )
    assert found.coverage[0].excluded == {"too_large": 2}
    assert "constant" in {a.reason for a in found.untested("bar_tracking")}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_line_that_is_too_long_is_counted_and_the_rest_is_read(
    tmp_path: Path, suffix: str
) -> None:
    long = "x" * (3 * LONGEST_LINE)
    rows = {".csv": ["judge,score", f"{long},1"], ".jsonl": ['{"judge": "a", "score": 1}', long]}
    more = {".csv": ["a,80", "b,70"], ".jsonl": ['{"judge": "b", "score": 2}']}
    path = tmp_path / f"scores{suffix}"
    path.write_text("\n".join([*rows[suffix], *more[suffix]]))
    table = read_scores(path)
    assert table.rows == 2
    assert table.skipped == {"line_too_long": 1}
    assert table.judges == ("a", "b")


def test_a_document_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    with path.open("wb") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(ImportFailure, match="save it as JSON lines"):
        read_scores(path)


@pytest.mark.parametrize(
    ("cells", "scores"),
    [
        (["66,5", "70,25", "80"], [66.5, 70.25, 80.0]),
        (["1,000", "2,000"], [np.nan, np.nan]),  # may be thousands
        (["66,5", "70.5"], [np.nan, 70.5]),
    ],
)
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(
    cells: list[str], scores: list[float]
) -> None:
    table = from_columns({"judge": ["a"] * len(cells), "score": cells}, scale=(0, 100))
    assert table.score == pytest.approx(scores, nan_ok=True)


@pytest.mark.parametrize("scale", [(100.0, 0.0), (1.0, 1.0), (0.0, float("inf"))])
def test_a_scale_that_is_none_is_refused(scale: tuple[float, float]) -> None:
    with pytest.raises(StudyError, match="from its lowest to its highest"):
        from_columns({"judge": ["a"], "score": [1]}, scale=scale)


def test_columns_of_objects_are_read_as_what_they_hold() -> None:
    bars = np.array([None, 80, 90], dtype=object)
    table = from_columns({"judge": ["a"] * 3, "score": [70, 80, 90], "bar": bars})
    assert table.numbers["bar"] == pytest.approx([np.nan, 80, 90], nan_ok=True)
