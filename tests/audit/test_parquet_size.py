"""A parquet file says in its footer what it takes once unpacked; what would not fit is refused unopened."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from peerpact.audit import footer
from peerpact.audit.footer import group_sizes
from peerpact.audit.judges.sources import load
from peerpact.audit.rejudge import read_items
from peerpact.errors import ImportFailure


@pytest.mark.parametrize("compression", ["zstd", "snappy", "uncompressed"])
def test_a_parquet_footer_tells_what_its_columns_take_once_unpacked(
    tmp_path: Path, compression: Literal["zstd", "snappy", "uncompressed"]
) -> None:
    frame = pl.DataFrame({"text": [f"{n:05}" * 100 for n in range(4000)], "score": [1.5] * 4000})
    path = tmp_path / "table.parquet"
    frame.write_parquet(path, compression=compression, row_group_size=1000)
    sizes = group_sizes(path, ["text"])
    assert len(sizes) == 4
    assert sum(sizes) == pytest.approx(4000 * (500 + 16), rel=0.05)
    assert sum(group_sizes(path)) > sum(sizes)


def test_a_parquet_file_that_swells_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.parquet"
    text = "the same words " * 4000
    rows = 500
    pl.DataFrame(
        {"judge": ["a"] * rows, "item": [str(n) for n in range(rows)], "score": [1.0] * rows,
         "content": [f"{text}{n}" for n in range(rows)]}
    ).write_parquet(path)  # fmt: skip
    assert path.stat().st_size < 1_000_000 < sum(group_sizes(path, ["content"])) / 20
    monkeypatch.setattr(footer, "LARGEST", 20_000_000)
    with pytest.raises(ImportFailure, match=r"unpacked, this table takes 0\.0 GB"):
        read_items(path)
    load(path, None)  # an audit of scores leaves the column alone


@pytest.mark.slow
def test_a_text_that_a_dictionary_repeats_beyond_measure_is_refused(tmp_path: Path) -> None:
    path, rows = tmp_path / "scores.parquet", 150_000  # 4.5 GB, more than 32 bits count
    same = pl.Series("content", ["the same words " * 2000]).new_from_index(0, rows)
    pl.DataFrame({"judge": ["a"] * rows, "content": same}).write_parquet(path)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ImportFailure, match="repeat too often"):
        read_items(path)


@given(st.binary(max_size=300))
@example(b"K" + b"\xff" * 8 + b"\x7fw")  # a map of 10^19 numbers that are not there
def test_no_footer_of_rubbish_ends_in_anything_but_a_refusal(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        path.write_bytes(b"PAR1" + data + len(data).to_bytes(4, "little") + b"PAR1")
        with contextlib.suppress(ImportFailure):
            group_sizes(path)
