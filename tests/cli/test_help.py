"""What the command line says of itself, at the width of a small terminal."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from peerpact.cli import _peerpact

WIDTH = 80


@pytest.fixture(scope="module")
def verbs() -> dict[str, click.Command]:
    context = click.Context(_peerpact)
    found = {
        name: _peerpact.get_command(context, name) for name in _peerpact.list_commands(context)
    }
    return {name: command for name, command in found.items() if command is not None}


def shown(*arguments: str) -> str:
    return CliRunner().invoke(_peerpact, [*arguments, "--help"], terminal_width=WIDTH).output


def test_no_summary_of_a_command_is_cut_off(verbs):
    lines = shown().splitlines()
    for name in verbs:
        (line,) = (line for line in lines if line.startswith(f"  {name} "))
        assert line.endswith("."), line
        assert not line.endswith("..."), line


def test_every_option_says_in_a_sentence_what_it_does(verbs):
    for name, command in verbs.items():
        for option in (p for p in command.params if isinstance(p, click.Option)):
            assert re.fullmatch(r"[A-Za-z].*[.\]]", option.help or "", re.DOTALL), (
                name,
                option.opts,
            )
            repeatable = option.multiple and "repeatable" not in (option.help or "")
            assert not repeatable, (name, option.opts)


def test_the_help_of_every_command_fits_and_names_no_type_of_a_program(verbs):
    for name in verbs:
        said = shown(name)
        assert not re.search(r"RANGE\b|INTEGER|FLOAT", said), (name, said)
        assert max(map(len, said.splitlines())) <= WIDTH, name
