"""Results for other readers: Markdown, Every Eval Ever, the command line, the journal read lightly."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from peerpact.cli.report import report
from peerpact.design.cells import cells
from peerpact.design.journal import Journal, read_runs
from peerpact.errors import ResultsError, StudyError
from peerpact.report.every_eval_ever import documents, write_every_eval_ever
from peerpact.report.export import cell_row
from peerpact.report.markdown import markdown
from peerpact.report.reading import JournalReader, planned, study_of
from peerpact.report.results import Results


@pytest.fixture(scope="module")
def found(samples: ModuleType) -> Results:
    study = samples.study()
    return samples.of(study, samples.runs(study, {"alpha": 0.8, "beta": 0.0}, drop=0.2))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def folder(samples: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place: Path = tmp_path_factory.mktemp("results")
    study = samples.study()
    journal = Journal.open(place, study, "0.1.0")
    for run in samples.runs(study, {"alpha": 0.8, "beta": 0.0}, 9, drop=0.2):
        journal.append(run)
    return place


def test_markdown_tells_the_claim_the_rates_and_the_contrasts(found: Results) -> None:
    text = markdown(found)
    assert "What this does not show" in text
    rows = [line for line in text.splitlines() if line.startswith("| alpha | answer\\_grading/")]
    e = next(
        e for e in found.cells if e.subject == "alpha" and e.primary and e.cell.arm == "standard"
    )
    shown = next(row for row in rows if "answer\\_grading/standard |" in row)
    assert f"| {e.runs} | {e.scored} | {e.refused} | {e.unscorable} |" in shown
    assert text.count("\n| ") > len(found.contrasts)


def test_markdown_reads_hostile_names_as_text(samples: ModuleType) -> None:
    study = samples.study(("answer_grading",))
    text = markdown(samples.of(study, samples.hostile(study)))
    assert "<script" not in text.replace("\\<", "")
    assert "\u202e" not in text
    widths = {
        line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("| ")
    }
    assert widths == {13, 10, 7}


def test_every_eval_ever_documents_fit_their_schema_and_carry_the_numbers(found: Results) -> None:
    made = documents(found, 1_775_000_000.0)
    assert [d["model_info"]["name"] for d in made] == [s.name for s in found.subjects]
    for document in made:
        own = [e for e in found.cells if e.subject == document["model_info"]["name"] and e.scored]
        scores = [r["score_details"]["score"] for r in document["evaluation_results"]]
        assert scores == [e.hits / e.scored for e in own]
        lower = [
            r["score_details"]["uncertainty"]["confidence_interval"]["lower"]
            for r in document["evaluation_results"]
        ]
        assert lower == [e.interval.low for e in own]


def test_every_eval_ever_says_which_cells_have_no_scored_run(samples: ModuleType) -> None:
    study = samples.study(("answer_grading",))
    document = documents(samples.of(study, samples.runs(study, {"a": 0.5}, 4, drop=1.0)), 0.0)[0]
    assert document["evaluation_results"] == []
    remarks = document["source_metadata"]["additional_details"]
    assert "answer_grading/standard over_bar: 4 runs" in remarks["cells_without_a_scored_run"]


def test_a_document_that_does_not_fit_the_schema_is_refused(found: Results) -> None:
    with pytest.raises(jsonschema.ValidationError):
        documents(replace(found, package=7), 0.0)  # type: ignore[arg-type]


def test_every_eval_ever_files_stay_inside_their_folder(
    samples: ModuleType, tmp_path: Path
) -> None:
    study = samples.study(("answer_grading",))
    made = [replace(r, route="../../etc/x y") for r in samples.runs(study, {"../../up": 0.5}, 2)]
    for path in write_every_eval_ever(tmp_path, samples.of(study, made), 0.0):
        assert path.resolve().is_relative_to(tmp_path.resolve() / "data" / "peerpact_sample")
        assert json.loads(path.read_text(encoding="utf-8"))["schema_version"] == "0.3.0"
    versioned = [replace(r, route="vertex/claude@2026:a/b.") for r in made]
    (path,) = write_every_eval_ever(tmp_path, samples.of(study, versioned), 0.0)
    assert path.parts[-3:-1] == ("vertex", "claude@2026_a_b")


def test_a_journal_read_lightly_holds_the_same_runs_without_transcripts(folder: Path) -> None:
    reader = JournalReader(folder)
    light, whole = reader.runs(), list(read_runs(folder))
    assert light == tuple(replace(r, calls=(), changes=(), said=()) for r in whole)
    some = [r.identity for r in whole[3:40:7]]
    assert list(reader.whole(some).values()) == [r for r in whole if r.identity in some]
    assert reader.whole(["unknown"]) == {}


def test_a_run_made_again_counts_by_its_last_record_also_when_read_lightly(
    samples: ModuleType, tmp_path: Path
) -> None:
    study = samples.study(("answer_grading",))
    good = samples.runs(study, {"a": 0.5}, 1)[0]
    failed = replace(good, ending="provider_error")
    lines = [failed.to_json(), good.to_json(), b'{"cut": ']
    (tmp_path / "runs.jsonl").write_bytes(b"\n".join(lines))
    reader = JournalReader(tmp_path)
    assert [r.ending for r in reader.runs()] == ["completed"]
    assert reader.whole([good.identity])[good.identity] == good


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_bytes(b"{}\n")
    with pytest.raises(ResultsError, match=r"runs\.jsonl:1"):
        JournalReader(tmp_path).runs()


@pytest.mark.parametrize(
    "content", [None, b"", b"[]", b'{"study": 1}', b'{"study": {"name": "x"}}']
)
def test_a_folder_without_a_readable_study_is_refused_in_words(
    content: bytes | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "study.json").write_bytes(content)
    with pytest.raises((ResultsError, StudyError), match=r"study\.json"):
        study_of(tmp_path)


def test_planned_runs_follow_the_arms_of_a_subject(samples: ModuleType) -> None:
    study = samples.study(
        ("answer_grading",),
        subjects=[{"name": "a", "runs": 3, "arms": ["standard"]}, {"name": "b"}],
    )
    made = samples.runs(study, {"a": 0.5, "b": 0.5, "c": 0.5}, 1)
    assert planned(study, cells(study), made) == {"a": 4, "b": 40, "c": 40}


def _invoke(*arguments: str) -> Any:
    return CliRunner().invoke(report, arguments, catch_exceptions=False)


@pytest.mark.slow
def test_the_command_writes_the_page_beside_the_results(folder: Path) -> None:
    done = _invoke(str(folder))
    assert done.exit_code == 0
    assert done.output.strip() == str(folder / "report.html")
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "72 of 72 runs" in text or "runs are in this page" in text
    assert "of 80 planned" in text


def test_the_command_prints_json_and_markdown_for_a_dash(folder: Path) -> None:
    document = json.loads(_invoke(str(folder), "--format", "json", "--out", "-").output)
    assert document["study"]["name"] == "sample"
    assert _invoke(str(folder), "--format", "md", "--out", "-").output.startswith("# A sample")


def test_the_command_writes_tables(folder: Path, tmp_path: Path, found: Results) -> None:
    written = _invoke(str(folder), "--format", "csv", "--out", str(tmp_path / "new")).output.split()
    assert written == [str(tmp_path / "new" / name) for name in ("cells.csv", "contrasts.csv")]
    rows = list(csv.DictReader(io.StringIO(Path(written[0]).read_text(encoding="utf-8"))))
    assert len(rows) == len(found.cells)
    assert set(rows[0]) == set(cell_row(found.cells[0]))


def test_the_command_refuses_a_folder_without_results_or_logs(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ResultsError, match="no results here"):
        _invoke(str(tmp_path))
    with pytest.raises(ResultsError, match="no Inspect logs here"):
        _invoke(str(folder), "--format", "inspect-bundle")


def test_a_bundle_replaces_no_folder_of_somebody_else(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    command = [str(folder), "--format", "inspect-bundle", "--out", str(tmp_path)]
    done = CliRunner().invoke(report, command)
    assert isinstance(done.exception, StudyError)
    assert "this is no bundle" in str(done.exception)
    assert (tmp_path / "mine.txt").read_text() == "mine"
