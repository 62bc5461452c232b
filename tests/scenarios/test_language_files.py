"""Language files and extended factors: what is wrong in them is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from peerpact.errors import StudyError
from peerpact.scenarios import load
from peerpact.scenarios.language import slots
from peerpact.scenarios.load import PACKAGE, VARIABLE
from peerpact.scenarios.scene import scene
from peerpact.testing.languages import check_languages
from peerpact.text import read_yaml

FILES = sorted(PACKAGE.glob("*/languages/*.yaml"))
GIVEN = {"vendor": "Alpha"}


@pytest.fixture
def altered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))

    def make(file: str, old: str, new: str):
        folder = tmp_path / f"copy_of_{tmp_path.name}"
        shutil.copytree(PACKAGE / "product_report", folder)
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))
        return load(folder.name)

    return make


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parts[-3]}-{p.stem}")
def test_a_translation_and_its_back_translation_hold_the_slots_of_the_original(path):
    found = read_yaml(path)
    for made in [*found.get("texts", {}).values(), *found.get("phrases", {}).values()]:
        assert slots(made["text"]) == slots(made["back"])
        assert made["back"].strip()


def test_every_language_has_the_same_texts():
    by_folder: dict[Path, set[tuple[str, ...]]] = {}
    for path in FILES:
        found = read_yaml(path)
        keys = (*sorted(found["texts"]), *sorted(found.get("phrases", {})))
        by_folder.setdefault(path.parent, set()).add(keys)
    assert all(len(keys) == 1 for keys in by_folder.values())
    assert all(len(list(folder.glob("*.yaml"))) == 3 for folder in by_folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [("{{ target_kind }}", "{{ target }}"), ("in Tausend Dollar", "in 1000 Dollar")],
)
def test_a_translation_that_changes_a_variable_or_a_number_is_refused(altered, old, new):
    scenario = altered("languages/de.yaml", old, new)
    with pytest.raises(StudyError, match="other variables or numbers than its original"):
        scene(scenario, {"language": "de"}, GIVEN)


@pytest.mark.slow
def test_a_text_that_stays_in_english_is_found(altered):
    scenario = altered(
        "languages/de.yaml", "  overlays/stakes_none.md:", "  overlays/stakes_note.md:"
    )
    assert any(
        "language=de: there is no translation of 'A grade is entered" in problem
        for problem in check_languages(scenario)
    )


def test_a_level_that_the_shared_factor_lacks_is_named(altered):
    with pytest.raises(StudyError, match=r"unknown level; found 'dee'; did you mean 'de'"):
        altered("scenario.yaml", "      de:\n", "      dee:\n")


def test_an_arrangement_of_what_is_not_there_is_named(altered):
    more = "extends: shared/factors/order.yaml\n    levels: {reversed: [{arrange: world/drve, value: reversed}]}"
    scenario = altered("scenario.yaml", "order: shared/factors/order.yaml", f"order:\n    {more}")
    with pytest.raises(StudyError, match="cannot arrange world/drve: it is not there"):
        scene(scenario, {"order": "reversed"}, GIVEN)
