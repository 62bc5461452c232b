"""Every rate, interval, n and contrast of the page, as it lies on the disk, is that of the CSV and JSON files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from printed import (
    NUMBER,
    Element,
    agrees,
    document,
    embedded,
    lines,
    measured,
    probable,
    rows,
    tree,
)
from statsmodels.stats.proportion import proportion_confint

from peerpact.report.wording import percent, points, probability
from peerpact.statistics import anytime_rate

pytestmark = pytest.mark.slow  # two studies are run first

INTERVAL = rf"({NUMBER} %) to ({NUMBER} %)"
ARM = re.compile(rf"({NUMBER} %) (\d+) of (\d+); 95 % interval {INTERVAL}")
CLAIM = re.compile(rf": ({NUMBER}) percentage points \(95 % interval ({NUMBER}) to ({NUMBER})\)")
MARK = re.compile(rf"(.+): (\d+) of (\d+), 95 % interval {INTERVAL}")
OVERALL = re.compile(
    rf"(\w+), (.+): ({NUMBER}) percentage points \(95 % interval ({NUMBER}) to ({NUMBER}); "
    r"p (= [\d.]+|< [\d.]+) after .* over (\d+) contrasts of single scenarios and (\d+) runs"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measured(tmp_path_factory.mktemp("organisms"))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measured(tmp_path_factory.mktemp("stopped"), "--stop", "decision")


@pytest.fixture(scope="module")
def page(folder: Path) -> Element:
    return tree(folder)


def written(value: Any) -> str:
    """Return a value as CSV has it."""
    return "" if value is None else str(value)


def test_csv_and_json_and_the_pages_own_data_hold_the_same_rows(
    folder: Path, page: Element
) -> None:
    data, whole = embedded(page), document(folder)
    for held, name in (("cells", "estimates"), ("contrasts", "contrasts")):
        assert lines(data[name]) == whole[held]
        plain = [{key: written(value) for key, value in row.items()} for row in whole[held]]
        assert plain == rows(folder, f"{held}.csv")
        assert len(plain) > 10
    assert lines(data["overall"]) == whole["overall"]


def test_the_two_rates_of_the_claim_are_those_of_its_cells(folder: Path, page: Element) -> None:
    arms = list(page.one("section", id="claim").one("dl", class_="versus").all("dd"))
    assert len(arms) == 2
    cells = rows(folder, "cells.csv")
    contrast = leading(folder)
    for arm, side in zip(arms, ("to", "from"), strict=True):
        [own] = [
            r
            for r in cells
            if (r["subject"], r["scenario"], r["arm"], r["outcome"])
            == (contrast["subject"], contrast["scenario"], contrast[side], contrast["outcome"])
        ]
        found = ARM.search(arm.text)
        assert found is not None
        rate, hits, n, low, high = found.groups()
        assert (hits, n) == (own["hits"], own["scored"])
        assert agrees(rate, own["rate"])
        assert agrees(low, own["low"])
        assert agrees(high, own["high"])


def leading(folder: Path) -> dict[str, str]:
    """Return the contrast that leads: the highest lower limit of those that are decided."""
    found = [r for r in rows(folder, "contrasts.csv") if r["verdict"] == "higher"]
    return max(found, key=lambda r: float(r["low"]))


def test_every_sentence_of_a_contrast_has_its_difference_limits_and_p(
    folder: Path, page: Element
) -> None:
    claim = page.one("section", id="claim")
    told = [claim.one("p", class_="lead").text + claim.one("p", class_="detail").text]
    told += [item.text for item in claim.one("ul", class_="claims").all("li")]
    contrasts = rows(folder, "contrasts.csv")
    assert len(told) == 2
    for sentence in told:
        found = CLAIM.search(sentence)
        assert found is not None, sentence
        p = re.search(r"p (= [\d.]+|< [\d.]+) after", sentence)
        assert p is not None
        fit = [
            r
            for r in contrasts
            if r["subject"] in sentence
            and all(map(agrees, found.groups(), (r["difference"], r["low"], r["high"])))
            and probable(p[1], r["p_holm"])
            and f"{r['to_hits']} of {r['to_scored']}" in sentence
            and f"{r['from_hits']} of {r['from_scored']}" in sentence
        ]
        assert fit, sentence


def pooled(folder: Path, page: Element, series: Callable[[dict[str, Any]], object]) -> Any:
    """Return hits and scored runs of primary outcomes, added up over the cells of a series."""
    cells = {cell["cell"]: cell for cell in lines(embedded(page)["cells"])}
    groups: dict[object, tuple[int, int]] = {}
    for row in rows(folder, "cells.csv"):
        if row["primary"] != "True" or row["capability_control"] == "True":
            continue
        name = series({**cells[row["cell"]], **row})
        hits, scored = groups.get(name, (0, 0))
        groups[name] = hits + int(row["hits"]), scored + int(row["scored"])
    return groups


def marks(page: Element) -> Iterator[tuple[str, str, Element]]:
    """Yield every line of the matrix but those of refusals, which no CSV file counts: subject, behaviour, line."""
    for line in page.one("table", class_="matrix").all("tr"):
        for square in line.all("td"):
            behaviour = square.attributes["data-label"]
            if behaviour != "refusal":
                yield from (
                    (line.one("th").one("bdi").text, behaviour, mark)
                    for mark in square.all("span", class_="line")
                )


def test_every_mark_of_the_matrix_adds_up_the_cells_behind_it(folder: Path, page: Element) -> None:
    def place(row: dict[str, Any]) -> object:
        return (row["subject"], row["behaviour"], row["relationship"] if row["measured"] else "")

    groups, told = pooled(folder, page, place), list(marks(page))
    assert len(told) >= 8
    for subject, behaviour, mark in told:
        found = MARK.fullmatch(mark.attributes["title"])
        assert found is not None
        series, hits, n, low, high = found.groups()
        control = "is-control" in mark.attributes["class"]
        key = (subject, behaviour, "" if control else series)
        assert (int(hits), int(n)) == groups[key]
        if n == "0":
            assert (low, high) == ("0 %", "100 %")
            assert "none of 8 runs has a score" in mark.text
            continue
        limits = proportion_confint(int(hits), int(n), method="wilson")
        assert agrees(low, limits[0])
        assert agrees(high, limits[1])
        assert agrees(mark.one("span", class_="rate").text, int(hits) / int(n))
        assert mark.one("span", class_="n").text == f"{hits}/{n}"


def test_the_rows_behind_every_picture_of_rates_are_wilsons_for_their_counts(page: Element) -> None:
    figures = embedded(page)["figures"]
    made = [row for name in ("matrix", "relationship") for row in lines(figures[name])]
    assert len(made) > 12
    for row in made:
        if not row["scored"]:
            assert (row["rate"], row["worst_low"], row["worst_high"]) == (None, 0, 1)
            continue
        limits = proportion_confint(row["hits"], row["scored"], method="wilson")
        assert row["rate"] == pytest.approx(row["hits"] / row["scored"])
        assert (row["low"], row["high"]) == pytest.approx(limits, abs=1e-9)


def test_where_cells_ended_early_every_interval_of_the_page_holds_at_every_look(
    stopped: Path,
) -> None:
    cells = rows(stopped, "cells.csv")
    assert {r["interval"] for r in cells if r["call"]} == {"beta_binomial_mixture"}
    figures = embedded(tree(stopped))["figures"]
    made = [row for name in ("matrix", "relationship") for row in lines(figures[name])]
    told = [row for row in made if row["scored"]]
    assert len(told) > 8
    single = [row for row in told if row["cells"] == 1]
    assert 0 < len(single) < len(told)
    for row in single:
        wanted = anytime_rate(row["hits"], row["scored"])
        assert (row["low"], row["high"]) == pytest.approx((wanted.low, wanted.high)), row
    for row in told:  # several cells count alike, and share out the error
        assert row["low"] <= row["rate"] <= row["high"], row


def test_sentences_over_all_scenarios_have_the_numbers_of_the_json(
    folder: Path, page: Element
) -> None:
    told = [item.text for item in page.one("section", id="rates").one("ul").all("li")]
    held = [r for r in document(folder)["overall"] if r["difference"] is not None]
    found = [m for sentence in told if (m := OVERALL.match(sentence))]
    assert len(found) == len(held) == 2
    for match, row in zip(found, held, strict=True):
        subject, title, difference, low, high, p, parts, _ = match.groups()
        assert (subject, title, int(parts)) == (row["subject"], row["title"], len(row["parts"]))
        assert all(
            map(agrees, (difference, low, high), (row["difference"], row["low"], row["high"]))
        )
        assert probable(p, row["p_holm"])


def test_the_table_of_a_probe_has_the_numbers_of_its_rows(folder: Path, page: Element) -> None:
    held = {
        (
            r["probe"],
            r["subject"],
            r["scenario"].replace("_", " "),
            r["answer"].replace("_", " "),
        ): r
        for r in rows(folder, "probes.csv")
        if not r["cell"]
    }
    seen = 0
    for table in page.one("section", id="probes").all("div", class_="scroll"):
        probe = table.attributes["aria-labelledby"].removeprefix("probe-")
        for line in table.one("tbody").all("tr"):
            row = held[probe, line.one("th").text, *(d.text for d in list(line.all("td"))[:2])]
            _, _, runs, share, counts, *rest = (d.text for d in line.all("td"))
            assert (runs, counts) == (row["runs"], f"{row['hits']}/{row['scored']}")
            parts = re.fullmatch(rf"({NUMBER} %) \({INTERVAL}\)", share)
            assert parts is not None
            assert all(map(agrees, parts.groups(), limits(row, "share")))
            if row["rate"]:
                interval = re.fullmatch(INTERVAL, rest[1])
                assert interval is not None
                assert agrees(rest[0], row["rate"])
                assert all(map(agrees, interval.groups(), limits(row, "rate")[1:]))
            seen += 1
    assert seen >= 6


def limits(row: dict[str, str], name: str) -> tuple[str, str, str]:
    return row[name], row[f"{name}_low"], row[f"{name}_high"]


def test_runs_and_tokens_of_each_subject_are_those_of_the_json(folder: Path, page: Element) -> None:
    held = {s["name"]: s for s in document(folder)["subjects"]}
    table = next(page.one("section", id="method").all("tbody"))
    told = {line.one("th").text: [d.text for d in line.all("td")] for line in table.all("tr")}
    assert told.keys() == held.keys()
    for name, (_, _, runs, *_, tokens, cost) in told.items():
        assert (runs, tokens) == (str(held[name]["runs"]), f"{held[name]['tokens']:,}")
        assert cost == f"${held[name]['cost_usd']:.2f}"


@pytest.mark.parametrize(
    ("value", "rate", "difference"),
    [
        (0.125, "12 %", "+12"),
        (0.875, "88 %", "+88"),
        (0.13496, "14 %", "+14"),
        (0.009951, "1 %", "+1"),
        (0.00004, "0 %", "0"),
        (0.99996, "100 %", "+100"),
    ],
)
def test_a_number_is_printed_as_the_files_hold_it(value: float, rate: str, difference: str) -> None:
    assert (percent(value).replace("\xa0", " "), points(value)) == (rate, difference)


def test_a_p_value_is_printed_as_the_files_hold_it() -> None:
    assert (probability(0.00009996), probability(0.0000994)) == ("= 0.0001", "< 0.0001")
