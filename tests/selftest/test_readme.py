"""README.md holds what the self-test finds; --refresh-golden rewrites it."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerpact.harness.refusal import ask
from peerpact.selftest import certify
from peerpact.selftest.summary import summary

PAGE = Path(__file__).parents[2] / "README.md"
START, END = "<!-- selftest -->\n", "<!-- /selftest -->"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_instrument_is_certified_and_the_readme_shows_its_table(
    request: pytest.FixtureRequest,
) -> None:
    found = certify(ask=ask)
    assert found.stamp.failed == ()
    head, rest = PAGE.read_text(encoding="utf-8").split(START)
    shown, tail = rest.split(END)
    if request.config.getoption("--refresh-golden"):
        PAGE.write_text(f"{head}{START}{summary(found.checks)}{END}{tail}", encoding="utf-8")
        return
    assert shown == summary(found.checks), (
        "run: pytest tests/selftest/test_readme.py -m slow --refresh-golden"
    )
