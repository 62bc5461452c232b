"""A sound instrument is certified; a fault planted in any of its parts is caught, and named."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import orjson
import pytest

from peerpact import __version__
from peerpact.audit.cases import Error
from peerpact.audit.detectors import detectors
from peerpact.design.cells import cells
from peerpact.harness import watching
from peerpact.harness.pure import scored
from peerpact.report.results import results
from peerpact.report.stamp import Stamp, read_stamp
from peerpact.scenarios import load
from peerpact.scenarios.scene import Scene, scene
from peerpact.scoring.outcome import Outcome
from peerpact.selftest import Check, Effort, Instrument, certify, write
from peerpact.selftest.detecting import check_detectors
from peerpact.selftest.instrument import GIVEN, Laboratory
from peerpact.selftest.stopping import check_pools
from peerpact.selftest.study import planted_study
from peerpact.selftest.summary import summary
from peerpact.statistics import CellReview, Interval

LIGHT = Effort(runs=10, repeats=6, pools=1, motives=0)
SCENARIO = ("server_migration",)


def own_scene(cell):
    return scene(load(cell.scenario), cell.levels, GIVEN)


@lru_cache
def certified(part="", fault=None):
    return certify(Instrument(**({part: fault} if part else {})), scenarios=SCENARIO, effort=LIGHT)


def failed(certificate) -> set[str]:
    return {check.part for check in certificate.checks if not check.passed}


@pytest.fixture(scope="module")
def sound():
    return certified()


@pytest.mark.slow
def test_the_instrument_as_it_is_holds_every_check(sound):
    assert [c for c in sound.checks if not c.passed] == []
    assert {c.part for c in sound.checks} == {
        "design",
        "scripts",
        "behaviour",
        "contrasts",
        "dropout",
        "capability",
        "coverage",
        "size",
        "power",
        "stopping",
        "probe",
        "judge",
        "detector",
        "second",
        "rejudge",
    }


@pytest.mark.slow
def test_the_same_instrument_gives_the_same_digest(sound):
    assert certified.__wrapped__().digest == sound.digest


def blind(episode, scenario, refused):
    """Never see a violation."""
    found = scored(episode, scenario, refused)
    outcomes = {
        name: replace(o, value=False)
        if o.value and scenario.spec.outcomes[name].kind == "violation"
        else o
        for name, o in found.outcomes.items()
    }
    return replace(found, outcomes=outcomes)


def zero(episode, scenario, refused):
    """Count a run that broke off as one without a violation."""
    found = scored(episode, scenario, refused)
    outcomes = {
        name: Outcome(False) if o.value is None else o for name, o in found.outcomes.items()
    }
    return replace(found, outcomes=outcomes)


def deaf(episode, scenario, _refused):
    """Take every open refusal for a failure."""
    return scored(episode, scenario, False)


def _swap(cell, one, other):
    levels = {one: other, other: one}
    return replace(
        cell, levels={**cell.levels, "stakes": levels.get(cell.levels["stakes"], "shutdown")}
    )


def swapped(cell):
    """Show the arm with stakes where there are none, and the reverse."""
    return own_scene(cell if cell.capability else _swap(cell, "none", "shutdown"))


def leaking(cell):
    """Leave the consequence in a control without stakes."""
    shown = own_scene(cell)
    if cell.arm != "no_stakes":
        return shown
    told = own_scene(replace(cell, levels={**cell.levels, "stakes": "shutdown"}))
    left = dict(told.tree["world"]["drive"]["migration_notice.md"])
    drive = {**shown.tree["world"]["drive"], "old_notice.md": left}
    tree = {**shown.tree, "world": {**shown.tree["world"], "drive": drive}}
    return Scene(shown.scenario, shown.version, shown.levels, tree)


def crossed(study, cells, pairs, runs):
    """Subtract the wrong arm."""
    turned = [replace(pair, source=pair.to, to=pair.source) for pair in pairs]
    return results(study, cells, turned, runs)


def narrow(study, cells, pairs, runs):
    """Forget that an estimate has an error."""
    found = results(study, cells, pairs, runs)
    exact = tuple(
        replace(e, interval=replace(e.interval, low=e.interval.value, high=e.interval.value))
        if e.interval.value is not None
        else e
        for e in found.cells
    )
    return replace(found, cells=exact)


def lavish(study, cells, pairs, runs):
    """Find every difference significant."""
    found = results(study, cells, pairs, runs)
    made = tuple(
        replace(c, difference=replace(c.difference, p=1e-9), adjusted_p=1e-9) if c.difference else c
        for c in found.contrasts
    )
    return replace(found, contrasts=made)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "fault", "caught"),
    [
        ("score", blind, {"scripts", "behaviour", "power"}),
        pytest.param("score", zero, {"scripts", "dropout"}, marks=pytest.mark.slow),
        pytest.param("score", deaf, {"judge"}, marks=pytest.mark.slow),
        ("scene", swapped, {"design", "behaviour", "contrasts"}),
        ("scene", leaking, {"design", "behaviour"}),
        pytest.param("estimate", narrow, {"coverage"}, marks=pytest.mark.slow),
        pytest.param("estimate", lavish, {"size"}, marks=pytest.mark.slow),
    ],
)
def test_a_fault_planted_in_one_part_is_caught(part, fault, caught):
    found = certified(part, fault)
    assert not found.passed
    assert caught <= failed(found)


@pytest.mark.slow
def test_a_contrast_turned_round_is_caught():
    assert "power" in failed(certified("estimate", crossed))


@pytest.mark.slow
def test_a_failure_says_where():
    found = certified("scene", leaking)
    (check,) = [c for c in found.checks if c.what.startswith("cells that show")]
    assert "no_stakes shows stakes=shutdown" in check.detail


def test_a_detector_that_misses_or_invents_is_caught_and_says_where():
    blunt = Error("shutdown_lever", 20, 8, (), tuple(f"case {n}: claim" for n in range(12)))
    found = {c.what: c for c in check_detectors(lambda d: replace(blunt, detector=d.name))}
    assert not any(check.passed for check in found.values())
    assert "recall 40" in found["shutdown_lever"].found
    assert "missed: case 0" in found["shutdown_lever"].detail
    sound = list(check_detectors())
    assert [c.what for c in sound if not c.passed] == []
    assert len(sound) == len(detectors())


def hasty(successes, n, rule, *, broken=False):
    """Call every cell elevated as soon as its pool has one hit."""
    called = "elevated" if successes.sum() else "undecided"
    interval = Interval(0.5, 0.0, 1.0, 0.95, "hierarchical_logit", 1)
    return tuple(CellReview(interval, called, called != "undecided", "group") for _ in n)


def test_a_pool_that_calls_its_cells_too_fast_is_caught(monkeypatch):
    monkeypatch.setattr(watching, "review", hasty)
    study = planted_study(scenarios=SCENARIO)
    room = Laboratory(Instrument(), study, tuple(cells(study)))
    found = {check.what: check.passed for check in check_pools(room, 1)}
    assert found["pooled cells at rest, called elevated"] is False


@pytest.mark.slow
def test_the_table_of_the_readme_has_every_check(sound):
    lines = summary(sound.checks).splitlines()
    assert len(lines) == len(sound.checks) + 2
    assert all(line.count("|") == 6 for line in lines)


@pytest.mark.slow
def test_the_certificate_lies_beside_results_and_is_read_from_there(tmp_path, sound):
    path = write(sound, tmp_path)
    assert read_stamp(tmp_path) == read_stamp(tmp_path / "first_look") == sound.stamp
    assert len(orjson.loads(path.read_bytes())["results"]) == len(sound.checks)
    assert read_stamp(tmp_path / "a" / "b") is None


@pytest.mark.parametrize(
    ("stamp", "said"),
    [
        (Stamp(__version__, "d", True, 9), "certified: 9 of 9"),
        (Stamp(__version__, "d", False, 9, ("size: x",)), "not certified: 1 of 9"),
        (
            Stamp("0.0.0", "d", True, 9),
            "not certified: the self-test that lies here is of version 0.0.0",
        ),
    ],
)
def test_a_stamp_certifies_its_own_version_only(stamp, said):
    assert stamp.sentence(__version__).startswith(said)


def test_nothing_tested_is_nothing_certified():
    from peerpact.selftest.certificate import Certificate
    from peerpact.selftest.check import held

    assert not Certificate("1", "d", 1, ()).passed
    assert not held("size", "x", "y", 0, []).passed
    assert isinstance(held("size", "x", "y", 1, []), Check)
