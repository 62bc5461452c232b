"""Answers planted in an organism are found again; a fault in the asking is caught."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peerpact.design.cells import cells
from peerpact.harness.pure import probed
from peerpact.selftest.instrument import Instrument, Laboratory
from peerpact.selftest.probing import check_probes
from peerpact.selftest.study import planted_study


def hasty(organism, episode, probe, seed):
    """Ask without showing what was read."""
    return probed(organism, replace(episode, calls=[]), probe, seed)


def lenient(organism, episode, probe, seed):
    """Take nonsense for an answer."""
    found = probed(organism, episode, probe, seed)
    return found if found.stratum else replace(found, stratum="understood")


def mixed_up(organism, episode, probe, seed):
    """Give a run the answers of another."""
    return probed(organism, episode, probe, seed + 1)


def failed(ask) -> set[str]:
    study = planted_study(scenarios=("server_migration",))
    laboratory = Laboratory(Instrument(ask=ask), study, tuple(cells(study)))
    return {check.what for check in check_probes(laboratory, 10) if not check.passed}


@pytest.mark.parametrize(
    ("ask", "caught"),
    [
        (probed, set()),
        (hasty, {"answers to comprehension"}),
        (lenient, {"answers to comprehension", "answers to frame"}),
        (mixed_up, {"rates within a frame"}),
    ],
)
def test_planted_answers_are_found_and_a_fault_in_the_asking_is_caught(ask, caught):
    assert failed(ask) == caught
