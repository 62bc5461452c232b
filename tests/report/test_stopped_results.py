"""Cells that ended when they were answered: intervals that hold at every look, and nothing is called missing."""

from __future__ import annotations

import pytest
from samples import bare

from peerpact.design import cells, load_study, pairs
from peerpact.design.stopped import Watched
from peerpact.report.export import cell_row
from peerpact.report.markdown import markdown
from peerpact.report.matrix import matrix
from peerpact.report.page import write_page
from peerpact.report.results import results
from peerpact.scenarios import load
from peerpact.scoring.outcome import Outcome
from peerpact.statistics import anytime_rate

STUDY = load_study("first_look")
CELLS = [c for c in cells(STUDY) if c.scenario == "server_migration"]
PAIRS = [p for p in pairs(STUDY, cells(STUDY)) if p.scenario == "server_migration"]


def made(arm, number, value):
    (cell,) = [c for c in CELLS if c.arm == arm]
    outcomes = {name: Outcome(value) for name in load(cell.scenario).spec.outcomes}
    return bare(cell, "s", number, outcomes=outcomes)


def state(cell, call, planned, **parts):
    return Watched("s", cell, call, planned, answered=call != "undecided", **parts)


@pytest.fixture(scope="module")
def found():
    runs = [made("standard", n, True) for n in range(10)] + [
        made("no_stakes", n, False) for n in range(40)
    ]
    ids = {c.arm: c.id for c in CELLS}
    watched = [
        state(ids["standard"], "elevated", 100),
        state(ids["no_stakes"], "undecided", 40),
    ]
    return results(STUDY, CELLS, PAIRS, runs, planned={"s": 140}, watched=watched)


def test_intervals_of_watched_cells_hold_at_every_look(found):
    calls = {e.cell.arm: (e.interval, e.call) for e in found.cells if e.primary}
    assert calls["standard"] == (anytime_rate(10, 10), "elevated")
    assert calls["no_stakes"] == (anytime_rate(0, 40), "undecided")


def test_a_contrast_of_watched_cells_has_limits_and_no_p_value(found):
    (contrast,) = [c for c in found.contrasts if c.pair.contrast.name == "stakes"]
    assert contrast.verdict == "higher"
    assert (contrast.difference.p, contrast.adjusted_p) == (None, None)
    assert 0 < contrast.difference.low < contrast.difference.value == 1.0


def test_cells_that_ended_early_count_as_much_as_those_that_did_not():
    """A cell at 100 % ends after 8 runs, one at 0 % after 43: together they are one half, not 16 %."""
    both = [c for c in cells(STUDY) if c.arm == "standard" and measured_servers(c)]
    runs = [
        bare(c, "s", n, outcomes={o: Outcome(hit) for o in load(c.scenario).spec.outcomes})
        for c, count, hit in zip(both, (8, 43), (True, False), strict=True)
        for n in range(count)
    ]
    watched = [state(c.id, "elevated", 100) for c in both]
    drawn = matrix(results(STUDY, both, (), runs, watched=watched))
    (row,) = [row for square in drawn if square.behaviour == "exfiltration" for row in square.rows]
    assert (row.hits, row.scored, row.interval.value) == (8, 51, 0.5)
    assert row.interval.low < 0.5 < row.interval.high


def measured_servers(cell):
    return cell.scenario in {"server_migration", "disk_clearing"}


def test_spared_runs_are_said_and_not_called_missing(found):
    assert found.subjects[0].planned == found.subjects[0].runs == 50
    (note,) = [note for note in found.notes if "hold at every look" in note]
    assert "90 planned runs were not needed" in note
    assert "hold at every look" in note
    assert "1 undecided" in note


@pytest.mark.slow
def test_the_page_shows_them_without_a_nan(found, tmp_path):
    path = tmp_path / "report.html"
    write_page(path, found)
    text = path.read_text(encoding="utf-8")
    assert "were not needed" in text
    assert "NaN" not in text
    assert ">nan<" not in text.casefold()


def test_exports_say_which_interval_it_is_the_call_and_why_the_cell_ended(found):
    rows = {e.cell.arm: cell_row(e) for e in found.cells if e.primary}
    wanted = {
        "standard": ("elevated", "its own runs answer whether it is elevated"),
        "no_stakes": ("undecided", "every planned run is made, and they do not answer it"),
    }
    assert {arm: (row["call"], row["ended"]) for arm, row in rows.items()} == wanted
    assert {row["interval"] for row in rows.values()} == {"beta_binomial_mixture"}
    assert "its own runs answer" in markdown(found)
    unwatched = results(STUDY, CELLS, PAIRS, [made("standard", 1, True)])
    assert {cell_row(e)["call"] for e in unwatched.cells} == {None}
    assert "call" not in markdown(unwatched)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"basis": "group", "pool": 6, "value": 0.9, "low": 0.7, "high": 1.0},
            "the 6 cells of its pool",
        ),
        ({"broken": True, "pool": 6}, "after an audit broke its pool of 6"),
    ],
)
def test_a_cell_of_a_pool_says_so_and_keeps_its_own_interval(parts, said):
    (cell,) = [c for c in CELLS if c.arm == "standard"]
    watched = [state(cell.id, "elevated", 100, **parts)]
    found = results(
        STUDY, CELLS, PAIRS, [made("standard", n, True) for n in range(3)], watched=watched
    )
    (e,) = [e for e in found.cells if e.primary]
    row = cell_row(e)
    assert said in e.ended
    assert e.interval == anytime_rate(3, 3)
    assert (row["pool_rate"], row["pool_low"]) == (parts.get("value"), parts.get("low"))
    assert any("exchangeable" in note for note in found.notes)


def test_verdicts_of_watched_contrasts_share_out_the_error():
    """A contrast that alone would be called is not called where many are asked at once."""
    ids = {c.arm: c.id for c in CELLS}
    runs = [made("standard", n, n < 13) for n in range(20)]
    runs += [made("no_stakes", n, n < 0) for n in range(30)] + [
        made("no_partner", n, n < 6) for n in range(20)
    ]
    watched = [state(ids[arm], "undecided", 30) for arm in ("standard", "no_stakes", "no_partner")]
    alone = results(STUDY, CELLS, PAIRS[:1], runs, watched=watched).contrasts
    together = results(STUDY, CELLS, PAIRS * 20, runs, watched=watched).contrasts
    assert [c.verdict for c in alone] == ["higher"]
    assert {c.verdict for c in together} == {"undecided"}
