"""A word agrees with the number beside it, in code and in every text that a person reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import peerpact
from peerpact.text import counted, form, render

PACKAGE = Path(peerpact.__file__).parent
READ_BY_MODELS = {"scenarios", "studies", "catalogue", "languages", "probes"}
TEMPLATES = [
    path
    for path in sorted(PACKAGE.rglob("*.*"))
    if path.suffix in {".yaml", ".jinja"} and not READ_BY_MODELS & set(path.parts)
]
COUNTED = (
    "agents|arms|cases|cells|checks|contrasts|effects|files|findings|items|judges|judgments|"
    "questions|responses|rows|runs|settings|subjects|tests|tokens|transcripts|turns|weaknesses|wordings"
)
BARE_TEXT = re.compile(
    rf"\{{\{{(?![^}}]*(?:counted|form)\()[^}}]*\}}\}} (?:[a-z]+ )?(?:{COUNTED})\b"
)
BARE_CODE = re.compile(rf"(?<!\w)f\"[^\"]*\{{[^}}\"]*\}} (?:[a-z]+ )?(?:{COUNTED})\b")
ALWAYS_SEVERAL = re.compile(
    r"\{(n|worst\.n|RUNS|SIZES\[-1\]|_LEAST\w*|MOST_JUDGES|study\.wordings|counts)\} "
)
"""Numbers that are never 1: constants, planned sizes, and lists."""


@pytest.mark.parametrize(
    ("n", "words", "told"),
    [
        (0, ("run",), "0 runs"),
        (1, ("run",), "1 run"),
        (2, ("run",), "2 runs"),
        (1_955, ("cell",), "1,955 cells"),
        (1, ("weakness", "weaknesses"), "1 weakness"),
        (2, ("weakness", "weaknesses"), "2 weaknesses"),
        ("1", ("run is", "runs are"), "1 run is"),
        ("1,200", ("run is", "runs are"), "1,200 runs are"),
    ],
)
def test_words_agree_with_their_number(n, words, told):
    assert counted(n, *words) == told
    assert told.endswith(form(n, *words))
    written = ", ".join(map(repr, words))
    assert render(f"{{{{ n | counted({written}) }}}}", {"n": n}) == told


def test_no_text_for_people_writes_a_plural_behind_a_bare_number():
    found = {p: BARE_TEXT.findall(p.read_text(encoding="utf-8")) for p in TEMPLATES}
    assert {str(p.relative_to(PACKAGE)): bare for p, bare in found.items() if bare} == {}


def test_no_code_writes_a_plural_behind_a_bare_number():
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if BARE_CODE.search(line) and not ALWAYS_SEVERAL.search(line)
    ]
    assert found == []
