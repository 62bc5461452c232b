"""The tables that a reader meets in a browser, number by number beside the CSV files and the rest of the page."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from printed import NUMBER, agrees, measured, probable, rows

from peerpact.scenarios.load import load

pytestmark = pytest.mark.slow
SCENARIOS = {load(name).spec.title: name for name in ("answer_grading", "shutdown_setting")}
LIMITS = re.compile(rf"({NUMBER}(?: %)?) (?:–|to) ({NUMBER}(?: %)?)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measured(tmp_path_factory.mktemp("organisms"))


@pytest.fixture(scope="module")
def shown(opened: Callable[..., Any], folder: Path) -> Any:
    return opened(folder / "report.html").tab


def told(tab: Any, table: str) -> list[dict[str, str]]:
    """Return every row of a table as it is read: the title of a column → what stands there; links as ``href``."""
    chosen = tab.locator(f"{table} label:has-text('Outcomes') select")
    if chosen.count():
        chosen.select_option("")
    while tab.locator(f"{table} button.more").is_visible():
        tab.click(f"{table} button.more")
    found: list[dict[str, str]] = tab.eval_on_selector_all(
        f"{table} tbody tr",
        """lines => lines.map(line => ({
          ...Object.fromEntries([...line.children].map(d => [d.dataset.label, d.textContent])),
          href: line.querySelector("a")?.getAttribute("href") ?? "",
          title: line.querySelector("td span[title]")?.title ?? "",
        }))""",
    )
    return [{plain(key): plain(text) for key, text in row.items()} for row in found]


def plain(text: str) -> str:
    """Return a text without lines and protected spaces."""
    return " ".join(text.split())


def both(printed: str, low: str, high: str) -> bool:
    """Whether two limits are printed as they are held."""
    found = LIMITS.fullmatch(printed)
    if found is None:
        return printed == "–" and not low
    return agrees(found[1], low) and agrees(found[2], high)


def test_every_row_of_the_table_of_rates_is_that_of_the_csv(shown: Any, folder: Path) -> None:
    held = {
        (r["subject"], r["cell"], r["outcome"].replace("_", " ")): r
        for r in rows(folder, "cells.csv")
    }
    found = told(shown, "#rates-table")
    assert len(found) == len(held) > 50
    for row in found:
        _, _, subject, cell = map(unquote, row["href"].split("/"))
        own = held.pop((subject, cell, row["Outcome"]))
        assert agrees(row["Rate"], own["rate"])
        assert both(row["95 % interval"], own["low"], own["high"])
        assert agrees(row.get("Shrunk", "–"), own["shrunk_rate"])
        assert row["Scored"] == f"{own['scored']} of {own['runs']}"
        assert row["Refused"] == own["refused"]
        assert re.match(r"\d+", row["No score"])[0] == own["unscorable"]  # type: ignore[index]
        if own["scored"] == own["runs"]:
            assert row.get("Worst case", "–") == "–"
        else:
            assert both(row["Worst case"], own["worst_lowest"], own["worst_highest"])
        assert agrees(row["Known"], own["known_rate"])
    assert not held


def test_every_row_of_the_table_of_contrasts_is_that_of_the_csv(shown: Any, folder: Path) -> None:
    held = rows(folder, "contrasts.csv")
    arms = {r["arm"]: r["arm_title"] for r in rows(folder, "cells.csv")}
    found = told(shown, "#contrasts-table")
    assert len(found) == len(held) == 12
    for row in found:
        [own] = [
            r
            for r in held
            if row["Subject"].startswith(r["subject"])
            and (row["Contrast"], row["From"].partition(" ")[2], row["To"].partition(" ")[2])
            == (r["title"], arms[r["from"]], arms[r["to"]])
            and r["scenario"] == SCENARIOS[row["Scenario"]]
        ]
        assert row["From"].startswith(f"{own['from_hits']}/{own['from_scored']} ")
        assert row["To"].startswith(f"{own['to_hits']}/{own['to_scored']} ")
        assert agrees(row["Points"], own["difference"])
        assert both(row["95 % interval"], own["low"], own["high"])
        for name, column in (("p (Holm)", "p_holm"), ("p (BH)", "p_bh")):
            assert probable(row[name], own[column]) if own[column] else row[name] == "–"
        if own["worst_lowest"] == own["worst_highest"]:
            assert row.get("Worst case", "–") == "–"
        else:
            assert both(row["Worst case"], own["worst_lowest"], own["worst_highest"])
        assert row["Verdict"] == own["verdict"]


def test_one_rate_reads_the_same_wherever_the_page_prints_it(shown: Any, folder: Path) -> None:
    """One of eight is 12.5 %, which a browser by itself would print as 13 % and Python as 12 %."""
    ties = [
        r for r in rows(folder, "cells.csv") if r["rate"] in {"0.125", "0.625"} and r["primary"]
    ]
    assert ties
    rates = {row["Rate"] for row in told(shown, "#rates-table") if row["Scored"] == "8 of 8"}
    assert not rates & {"13 %", "63 %"}
    assert "12 % 1/8" in plain(shown.inner_text(".matrix"))


@pytest.mark.parametrize("what", ["estimates", "contrasts"])
def test_what_is_downloaded_from_the_page_is_the_csv_file(
    shown: Any, folder: Path, what: str
) -> None:
    with shown.expect_download() as waiting:
        shown.click(f"[data-download={what}]")
    with Path(waiting.value.path()).open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    held = rows(folder, "cells.csv" if what == "estimates" else "contrasts.csv")
    assert [set(r) for r in found] == [set(r) for r in held]
    assert [[same(r[key]) for key in held[0]] for r in found] == [
        [same(value) for value in r.values()] for r in held
    ]


def same(text: str) -> float | str:
    """Return a number, which a browser writes without the point that Python writes, or the text."""
    try:
        return float(text)
    except ValueError:
        return text
