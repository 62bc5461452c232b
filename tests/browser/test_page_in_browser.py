"""The page in a real browser: nothing is fetched, nothing of a transcript runs, every step can be taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from peerpact.design.cells import cells
from peerpact.report.extras import PageExtras
from peerpact.report.page import page, write_page
from peerpact.report.serve import LivePage, Server

Open = Callable[..., Any]
pytestmark = pytest.mark.slow


def axe() -> Path:
    """Return the rules of accessibility."""
    import axe_playwright_python

    return next(Path(str(axe_playwright_python.__file__)).parent.rglob("axe.min.js"))


def expect(found: Any) -> Any:
    """Return what waits until a claim about a part of the page is true."""
    from playwright.sync_api import expect

    return expect(found)


def test_it_opens_without_errors_and_without_a_request(tab: Any) -> None:
    assert tab.errors == []
    assert tab.foreign == []


def test_a_click_leads_from_matrix_to_cell_to_run_to_the_call_and_back(tab: Any) -> None:
    tab.open()
    t = tab.tab
    t.click(".matrix a[href*='alpha'][href*='exfiltration']")
    t.wait_for_selector("#explorer table.data")
    t.click("#explorer table.data a:has-text('partner, shutdown')")
    t.wait_for_selector("#explorer .strip a.is-v")
    t.click("#explorer .strip a.is-v")
    t.wait_for_selector("#explorer .turn")
    happened = t.locator("#explorer .call.happened")
    assert happened.count() == 1
    assert "move_files" in happened.inner_text()
    assert "added" in happened.inner_text()
    assert "[object" not in t.locator("#explorer").inner_text()
    assert "#/run/" not in t.locator("#explorer").inner_text()
    last = t.locator("#explorer .crumbs").inner_text().split()[-1]
    t.click("#explorer a:has-text('next run')")
    expect(t.locator("#explorer .crumbs")).not_to_contain_text(f"Run {last}")
    assert int(t.locator("#explorer .crumbs").inner_text().split()[-1]) > int(last)
    t.go_back()
    t.locator("#explorer .thought summary").first.click()
    assert "What follows from" in t.locator("#explorer .thought .says").first.inner_text()
    assert "I will read what there is" in t.locator("#explorer .turn > .says").first.inner_text()
    t.click("#explorer a:has-text('call ')")
    expect(happened).to_be_focused()
    t.go_back()
    t.go_back()
    t.wait_for_selector("#explorer .strip")
    t.go_back()
    t.wait_for_selector("#explorer table.data a:has-text('partner, shutdown')")
    assert tab.errors == []


def test_the_claim_leads_to_the_turn_in_which_it_happened(tab: Any) -> None:
    tab.open()
    t = tab.tab
    shown = t.locator(".versus .rate").all_inner_texts()
    assert shown[1] == "0\u00a0%"
    assert shown[0] != shown[1]
    t.click(".jump .go")
    happened = t.locator("#explorer .call.happened").first
    expect(happened).to_be_focused()
    assert happened.locator(".diff .add").count() > 0
    viewer = t.locator("#explorer p:has-text('inspect view --log-dir')")
    assert "results/sample/logs" in viewer.inner_text()
    assert t.locator("#explorer .changes a").count() > 0


def test_filters_search_and_sorting_work(tab: Any) -> None:
    tab.open()
    t = tab.tab
    count = t.locator("#rates-table .count")
    assert count.inner_text() == "12 of 16 rows"
    t.locator("#rates-table select").first.select_option("beta")
    assert count.inner_text() == "8 of 8 rows"
    t.locator("#rates-table input[type=search]").fill("server_migration")
    assert count.inner_text() == "4 of 4 rows"
    t.locator("#rates-table input[type=search]").fill("nothing like it")
    assert "No row fits" in t.locator("#rates-table tbody").inner_text()
    t.locator("#rates-table input[type=search]").fill("")
    head = t.locator("#rates-table th:has-text('Rate')").first
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    shown = t.locator("#rates-table tbody strong").all_inner_texts()
    rates = [float(text.removesuffix("\u00a0%")) for text in shown if text != "–"]
    assert rates == sorted(rates, reverse=True)


def test_the_keyboard_reaches_everything_that_a_mouse_does(tab: Any) -> None:
    tab.open()
    t = tab.tab
    t.keyboard.press("Tab")
    assert t.evaluate("document.activeElement.className") == "skip"
    wanted = t.evaluate(
        "[...document.querySelectorAll('a[href], button, select, input, summary')]"
        ".filter(e => e.checkVisibility({ visibilityProperty: true }) && e.tabIndex < 0).length"
    )
    assert wanted == 0
    t.locator(".matrix a").first.focus()
    t.keyboard.press("Enter")
    expect(t.locator("#explorer")).to_be_focused()
    t.keyboard.press("Tab")
    assert t.evaluate("document.activeElement.closest('#explorer') !== null")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_axe_finds_no_serious_fault_where_a_reader_goes_first(
    opened: Open, small: Path, width: int, scheme: str
) -> None:
    tab = opened(small, width=width, scheme=scheme)
    tab.go(_first_run(tab), "#explorer .turn")
    assert _faults(tab.tab) == []
    assert tab.tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.tab.locator(".matrix thead").is_visible() == (width > 1000)


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_with_everything_open(
    opened: Open, path: Path, width: int, scheme: str
) -> None:
    tab = opened(path, width=width, scheme=scheme)
    for place in ("", _first_run(tab)):
        tab.go(place, "#explorer .turn" if place else "#explorer .strip")
        tab.tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert tab.tab.evaluate("document.documentElement.scrollWidth") <= width
        assert width < 1280 or tab.tab.evaluate(CUT) == []
        assert _faults(tab.tab) == []


CUT = (
    "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
    ".map(e => `${e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')} ${e.scrollWidth}`)"
)
"""Tables that must be scrolled to be read whole."""


def _first_run(tab: Any) -> str:
    return str(tab.tab.locator("#explorer .strip a").first.get_attribute("href"))


def _faults(tab: Any) -> list[str]:
    if not tab.evaluate("'axe' in globalThis"):
        tab.evaluate(axe().read_text(encoding="utf-8"))
    found = tab.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{v['id']}: {n['html'][:200]}"
        for v in found["violations"] if v["impact"] in {"serious", "critical"}
        for n in v["nodes"]
    ]  # fmt: skip


def test_a_hostile_transcript_executes_nothing(
    opened: Open, samples: ModuleType, tmp_path: Path
) -> None:
    study = samples.study(("answer_grading",))
    file = tmp_path / "report.html"
    write_page(file, samples.of(study, samples.hostile(study)))
    tab = opened(file)
    for identity in tab.tab.evaluate("[...document.querySelectorAll('.strip a')].map(a => a.hash)")[
        :3
    ]:
        tab.tab.goto(f"{file.as_uri()}{identity}")
        tab.tab.wait_for_selector("#explorer .turn")
        assert "<script>globalThis.stolen = 1</script>" in tab.tab.locator("#explorer").inner_text()
    assert tab.tab.evaluate("globalThis.stolen") is None
    assert tab.tab.locator("#explorer img, #explorer script, #explorer svg").count() == 0
    assert tab.foreign == []
    assert not [e for e in tab.errors if "favicon" not in e]


def test_results_that_say_little_open_and_say_what_is_missing(
    opened: Open, samples: ModuleType, tmp_path: Path
) -> None:
    study = samples.study(("answer_grading",))
    one = samples.study(("answer_grading",), contrasts=[])
    few = [samples.run(cells(one)[-1], "a", 1, violating=True)]
    cases = {
        "There are no results yet": samples.of(study, []),
        "declares no contrast": samples.of(one, few),
        "of 90 planned": samples.of(study, samples.runs(study, {"a": 0.9}), {"a": 90}),
    }
    tab = None
    for number, (words, found) in enumerate(cases.items()):
        file = tmp_path / f"{number}.html"
        write_page(file, found)
        tab = tab or opened(file)
        tab.address = file.as_uri()
        tab.open()
        assert words in tab.tab.inner_text("main")
        assert tab.errors == []


def test_an_address_that_names_nothing_says_so(tab: Any) -> None:
    for address in ("#/run/none", "#/place/x/y", "#/square/<b>/y", "#/%E0%A4%A", "#/"):
        tab.tab.evaluate("address => { location.hash = address }", address)
        expect(tab.tab.locator("#explorer")).to_contain_text("names nothing")
    assert tab.errors == []


def test_pictures_and_tables_download(tab: Any) -> None:
    t = tab.tab
    with t.expect_download() as waiting:
        t.locator("[data-svg]").first.click()
    assert waiting.value.suggested_filename.endswith(".svg")
    assert waiting.value.path().read_text(encoding="utf-8").startswith("<svg")
    for name in ("matrix", "relationship"):
        with t.expect_download() as waiting:
            t.click(f"[data-csv={name}]")
        rows = waiting.value.path().read_text(encoding="utf-8").splitlines()
        assert "worst_high" in rows[0]
        assert len(rows) > 4
    with t.expect_download() as waiting:
        t.click("[data-download=estimates]")
    lines = waiting.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("subject,scenario,arm,")
    with t.expect_download() as waiting:
        t.click("[data-download=everything]")
    assert '"estimates"' in waiting.value.path().read_text(encoding="utf-8")


def test_first_paint_does_not_wait_for_tables_of_thousands_of_rows(
    opened: Open, samples: ModuleType, tmp_path: Path
) -> None:
    study = samples.study(runs=1)
    rates = {f"subject {i}": 0.5 for i in range(120)}
    file = tmp_path / "report.html"
    write_page(file, samples.of(study, samples.runs(study, rates, 1)))
    tab = opened(file)
    assert tab.tab.locator("#rates-table tbody tr").count() == 12
    tab.tab.click("#rates-table button.more")
    assert tab.tab.locator("#rates-table tbody tr").count() == 252
    assert tab.errors == []


def test_a_live_page_follows_its_study(opened: Open, samples: ModuleType, tmp_path: Path) -> None:
    study = samples.study(("answer_grading",))
    made = samples.runs(study, {"alpha": 0.9})
    (tmp_path / "runs.jsonl").write_bytes(b"1\n")

    def build(folder: Path) -> str:
        n = len((folder / "runs.jsonl").read_bytes().splitlines())
        return page(samples.of(study, made[: 5 * n]), extras=PageExtras(live=True))

    server = Server(LivePage(tmp_path, build))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        tab = opened(server.address)
        assert "5" in tab.tab.locator(".facts").first.inner_text()
        with (tmp_path / "runs.jsonl").open("ab") as file:
            file.write(b"1\n")
        facts = tab.tab.locator(".facts").first
        expect(facts).to_contain_text("10", timeout=15_000)
        assert all(url.startswith((server.address, "data:", "blob:")) for url in tab.requests)
        assert tab.errors == []
    finally:
        server.stop()
        thread.join()
        server.close()
