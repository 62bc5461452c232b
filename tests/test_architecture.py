"""ARCHITECTURE.md says what is there; --refresh-golden rewrites its inventory."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import pytest

import peerpact
from peerpact.audit.inquiry.organism import judge_organisms
from peerpact.audit.rejudge import factors
from peerpact.design import load_study, study_names
from peerpact.scenarios import load, names
from peerpact.subjects.spec import organism_names

ROOT = Path(__file__).parent.parent
PACKAGE = Path(peerpact.__file__).parent
PAGE = ROOT / "ARCHITECTURE.md"
START, END = "<!-- inventory -->\n", "<!-- /inventory -->"
LONGEST_FILE = 400


def modules(folder: str) -> list[str]:
    found = pkgutil.iter_modules([str(PACKAGE / folder)])
    return sorted(m.name for m in found if not m.name.startswith("_"))


def inventory() -> str:
    shared = PACKAGE / "scenarios/shared"
    rows = {
        "scenarios": names(),
        "factors": sorted({f for n in names() for f in load(n).factors}),
        "graded work": sorted(p.stem for p in (shared / "datasets").glob("*.yaml")),
        "studies": study_names(),
        "organisms": organism_names(),
        "judge organisms": list(judge_organisms()),
        "changes of a re-judgment": list(factors()),
        "commands": modules("cli"),
        "importers": modules("audit/importers"),
        "detectors": modules("audit/detectors"),
    }
    lines = ["| kind | names |", "| --- | --- |"]
    lines += [f"| {kind} | {', '.join(f'`{n}`' for n in found)} |" for kind, found in rows.items()]
    return "\n".join(lines) + "\n"


def test_the_inventory_names_what_is_there(request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(START)
    shown, tail = rest.split(END)
    if request.config.getoption("--refresh-golden"):
        PAGE.write_text(f"{head}{START}{inventory()}{END}{tail}", encoding="utf-8")
        return
    assert shown == inventory(), "run: pytest tests/test_architecture.py --refresh-golden"


def test_the_list_of_studies_has_every_one_with_its_question() -> None:
    text = (PACKAGE / "studies/README.md").read_text(encoding="utf-8")
    listed = [line for line in text.splitlines() if line.startswith("| `")]
    assert listed == [f"| `{n}` | {load_study(n).question} |" for n in study_names()]


def test_every_package_of_the_map_is_there_and_every_package_is_on_the_map() -> None:
    text = PAGE.read_text(encoding="utf-8").split("## Map")[1].split("## Inventory")[0]
    for package in (p.parent.name for p in PACKAGE.glob("*/__init__.py")):
        assert f"`{package}`" in text, package


def test_no_file_is_too_long_to_hold_in_mind() -> None:
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in PACKAGE.rglob("*.py")}
    assert {p: n for p, n in lengths.items() if n > LONGEST_FILE} == {}


def test_nothing_shipped_names_a_machine_or_a_registry() -> None:
    forbidden = ("/work/", "/root/", "files.pythonhosted", "pypi.org/simple", "/opt/pypi")
    for path in (p for p in PACKAGE.rglob("*") if p.suffix in {".py", ".md", ".yaml"}):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in forbidden if word in text], path
