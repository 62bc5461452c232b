"""Tables in a terminal: whole words in 80 columns, nothing lost in 120."""

import io
from types import ModuleType

import pytest
from rich.console import Console

from peerpact.report.results import Results
from peerpact.report.tables import COLUMNS, CONTRASTS, contrast_table, rate_table, square_table


@pytest.fixture(scope="module")
def found(samples: ModuleType) -> Results:
    study = samples.study(
        ("answer_grading", "watched_shutdown"), subjects=[{"name": "m"}, {"name": "other"}]
    )
    return samples.of(study, samples.runs(study, {"m": 0.95, "other": 0.0}, 10, drop=0.2))


def printed(table: object, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


def tables(found: Results, width: int) -> str:
    rates = [printed(rate_table(found, subject, width), width) for subject in found.subjects]
    squares = square_table(found, width)
    more = [printed(squares, width)] if squares is not None else []
    return "\n".join([*rates, printed(contrast_table(found.contrasts, width), width), *more])


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_a_table_keeps_to_its_width_and_cuts_no_name_and_no_number(found, width):
    text = tables(found, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for whole in ("answer_grading", "watched_shutdown", "partner, no stakes", "stranger, shutdown"):
        assert whole in text
    for c in found.contrasts:
        if c.verdict == "higher":
            assert f"{c.to.hits}/{c.to.scored}" in text


def test_in_80_columns_rate_interval_and_verdict_stay_and_what_is_left_out_is_named(found):
    lines = tables(found, 80).splitlines()
    [heading] = {line for line in lines if line.startswith("arm ")}
    assert {"runs", "scored", "rate"} <= set(heading.split())
    assert "95 % interval" in heading
    assert any(line.split()[0] == "scenario" and line.endswith("verdict") for line in lines if line)
    [left_out] = {line.strip() for line in lines if line.startswith("only in cells.csv")}
    named = left_out.removeprefix("only in cells.csv: ").split(", ")
    assert named
    assert all(name not in heading for name in named)


def test_in_120_columns_no_column_of_a_contrast_is_left_out(found):
    text = printed(contrast_table(found.contrasts, 120), 120)
    heading = next(line for line in text.splitlines() if "verdict" in line)
    for name in set(CONTRASTS.names) - {"subject", "contrast", "over wordings"}:
        assert name in heading
    assert "only in" not in text


def test_in_200_columns_a_row_names_everything_itself(found):
    text = printed(rate_table(found, found.subjects[0], 200), 200)
    lacking = {"over wordings", "shrunk", "understood", "known", "call"}
    assert all(name in text.splitlines()[1] for name in set(COLUMNS) - lacking)
