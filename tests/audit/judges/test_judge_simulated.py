"""Judges of known truth: each planted fault is found, told from the others, and no honest judge is blamed."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from peerpact.audit.judges import JudgeAudit, audit
from peerpact.audit.judges.caliper import Obstacle, against_control, against_placebos
from peerpact.audit.judges.density import density_jump, fine_enough
from peerpact.audit.judges.simulated import MODELS, Grading, Heaping, Planted, Work, simulate

HEAPINGS: tuple[Heaping, ...] = ("none", "whole", "half", "fives")
HONEST = Planted("grok-honest")
LENIENT = Planted("gpt-lenient", leniency=3.5)
FAVOURING = Planted("claude-favouring", favour=4.0)
SWAYED = Planted("gemini-swayed", stakes=2.5)
TRACKING = Planted("grok-tracking", tracking=0.9)
PROTECTING = Planted("gpt-protecting", peer_stakes=4.0)
PANEL = (HONEST, LENIENT, FAVOURING, SWAYED, TRACKING)
FAULT = {
    LENIENT.name: {"leniency"},
    FAVOURING.name: {"family_favour"},
    SWAYED.name: {"stakes"},
    TRACKING.name: {"bar_tracking"},
    HONEST.name: set(),
}
NULL = tuple(Planted(name) for name in ("grok-a", "gpt-a", "claude-a", "gemini-a"))


def blamed(audited: JudgeAudit, judge: str) -> set[str]:
    return {a.question for a in audited.findings if a.judge == judge and a.value > 0}


@pytest.mark.parametrize("heaping", HEAPINGS)
def test_each_planted_fault_is_found_and_told_from_the_others(heaping: Heaping) -> None:
    table = simulate(PANEL, np.random.default_rng(11), Work(items=24), Grading(heaping))
    audited = audit(table)
    assert {judge: blamed(audited, judge) for judge in FAULT} == FAULT


def test_protection_of_a_partner_is_told_from_softness_under_stakes() -> None:
    work = Work(items=24, bars=(None,), relationship=(0, 1))
    audited = audit(simulate((HONEST, SWAYED, PROTECTING), np.random.default_rng(12), work))
    assert "interaction" not in blamed(audited, SWAYED.name)
    assert "interaction" in blamed(audited, PROTECTING.name)
    (effect,) = audited.estimates("interaction", PROTECTING.name)
    assert effect.low < 4.0 < effect.high


def test_leniency_is_found_without_gold_from_the_other_judges() -> None:
    table = simulate((HONEST, LENIENT, SWAYED), np.random.default_rng(13), Work(items=24))
    del table.numbers["gold"]  # type: ignore[attr-defined]
    audited = audit(table)
    found = {e.judge: e for e in audited.estimates("leniency") if e.quantity == "relative"}
    assert found[LENIENT.name].flagged
    assert found[LENIENT.name].value > 2
    assert found[HONEST.name].value < 0


def false_alarms(
    reps: int, heaping: Heaping, first: int, model_taste: float = 0.0, gold: bool = True
) -> tuple[Counter[str], Counter[str]]:
    """Count audits of honest judges with a finding, and audits, by question and quantity."""
    alarms: Counter[str] = Counter()
    audits: Counter[str] = Counter()
    for rep in range(reps):
        rng = np.random.default_rng(first + rep)
        work = Work(items=12, relationship=(0, 1))
        table = simulate(NULL, rng, work, Grading(heaping, model_taste=model_taste))
        if not gold:
            del table.numbers["gold"]  # type: ignore[attr-defined]
        audited = audit(table)
        audits.update(
            {f"{e.question} {e.quantity}" for e in audited.estimates() if e.flagged is not None}
        )
        alarms.update({f"{e.question} {e.quantity}" for e in audited.findings})
    return alarms, audits


def check_level(alarms: Counter[str], audits: Counter[str]) -> None:
    for question, n in audits.items():
        surprise = stats.binomtest(alarms[question], n, 0.05, alternative="greater").pvalue
        assert surprise > 0.001, (question, alarms[question], n)


@pytest.mark.slow
def test_honest_judges_are_blamed_at_most_at_the_nominal_level() -> None:
    alarms, audits = false_alarms(16, "fives", 100)
    assert len(audits) >= 7
    check_level(alarms, audits)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("heaping", HEAPINGS)
def test_the_level_holds_in_many_audits_however_scores_are_heaped(heaping: Heaping) -> None:
    check_level(*false_alarms(200, heaping, 10_000))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("gold", [True, False])
def test_a_taste_for_single_models_is_not_taken_for_favour_or_leniency(gold: bool) -> None:
    alarms, audits = false_alarms(200, "fives", 20_000, model_taste=2.0, gold=gold)
    leniency = "leniency mean_error" if gold else "leniency relative"
    assert audits["family_favour effect"] == audits[leniency] == 200
    check_level(alarms, audits)


@pytest.mark.slow
@pytest.mark.parametrize("gold", [True, False])
def test_favour_and_leniency_are_found_beside_a_taste_for_single_models(gold: bool) -> None:
    planted = (
        HONEST,
        Planted("gpt-lenient", leniency=6.0),
        Planted("claude-favouring", favour=8.0),
    )
    found: Counter[str] = Counter()
    for seed in range(10):
        rng = np.random.default_rng(30_000 + seed)
        work = Work(items=24, models=(*MODELS, "qwen-a", "qwen-b", "llama-a", "llama-b"))
        table = simulate(planted, rng, work, Grading("fives", model_taste=1.0))
        if not gold:
            del table.numbers["gold"]  # type: ignore[attr-defined]
        audited = audit(table)
        found.update(f"{e.judge} {e.question}" for e in audited.findings)
    assert found["claude-favouring family_favour"] >= 8
    assert found["gpt-lenient leniency"] >= 8
    assert found["grok-honest family_favour"] <= 2


def heaped(scores: np.ndarray, heaping: Heaping, rng: np.random.Generator) -> np.ndarray:
    rounded = {"none": scores, "whole": np.round(scores), "half": np.round(scores * 2) / 2}
    fives = np.where(rng.random(len(scores)) < 0.5, np.round(scores / 5) * 5, np.round(scores))
    return rounded.get(heaping, fives)


def caliper_rejections(heaping: Heaping, n: int, reps: int, seed: int) -> tuple[int, int]:
    rng = np.random.default_rng(seed)
    rejected = tested = 0
    for _ in range(reps):  # told scores are lifted as a whole, which is no tracking
        told = heaped(rng.normal(81, 4, n), heaping, rng)
        control = heaped(rng.normal(78, 4, n), heaping, rng)
        found = against_control(told, control, 80.0, 3.0, np.array([]), 0.95)
        if not isinstance(found, Obstacle):
            tested += 1
            rejected += found[0].p < 0.05
    return rejected, tested


@pytest.mark.parametrize("heaping", HEAPINGS)
def test_a_lift_of_all_scores_is_not_taken_for_tracking(heaping: Heaping) -> None:
    rejected, tested = caliper_rejections(heaping, 300, 150, 3)
    assert tested > 50
    assert stats.binomtest(rejected, tested, 0.05, alternative="greater").pvalue > 0.001


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 150, 600])
@pytest.mark.parametrize("heaping", HEAPINGS)
def test_the_caliper_holds_its_level_at_every_size(heaping: Heaping, n: int) -> None:
    rejected, tested = caliper_rejections(heaping, n, 2_000, 4)
    assert stats.binomtest(rejected, tested, 0.05, alternative="greater").pvalue > 0.001


@pytest.mark.slow
@pytest.mark.parametrize("heaping", HEAPINGS)
def test_placebo_cuts_alone_hold_the_level(heaping: Heaping) -> None:
    rng = np.random.default_rng(5)
    found = [
        against_placebos(heaped(rng.normal(75, 12, 800), heaping, rng), 80.0, 2.0, 0.95)
        for _ in range(150)
    ]
    p_values = [f[0].p for f in found if not isinstance(f, Obstacle)]
    assert len(p_values) > 100
    rejected = sum(p < 0.05 for p in p_values)
    assert stats.binomtest(rejected, len(p_values), 0.05, alternative="greater").pvalue > 0.001


def test_placebo_cuts_alone_find_strong_tracking() -> None:
    rng = np.random.default_rng(6)
    scores = rng.normal(75, 12, 800)
    near = (scores >= 78) & (scores < 80)
    found = against_placebos(np.where(near, 80.5, scores), 80.0, 2.0, 0.95)
    assert not isinstance(found, Obstacle)
    assert found[0].p < 0.01


def test_the_density_test_holds_its_level_on_fine_scores_and_finds_a_jump() -> None:
    rng = np.random.default_rng(7)
    p_values = []
    for _ in range(200):
        scores = rng.normal(79, 4, 800)
        assert fine_enough(scores, 80.0) is None
        p_values.append(density_jump(scores, 80.0).p)
    assert (
        stats.binomtest(sum(p < 0.05 for p in p_values), 200, 0.05, alternative="greater").pvalue
        > 0.001
    )
    moved = rng.normal(79, 4, 3_000)
    lifted = (moved >= 79) & (moved < 80) & (rng.random(3_000) < 0.5)
    moved = np.where(lifted, moved + 1, moved)
    assert density_jump(moved, 80.0).p < 0.001


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.linspace(60, 99, 400), "few_for_density"),
        (np.round(np.linspace(60, 99, 4_000)), "heaped"),
        (np.linspace(0, 70, 4_000), "few_near_bar"),
    ],
)
def test_the_density_test_is_refused_where_it_would_mislead(
    scores: np.ndarray, reason: str
) -> None:
    obstacle = fine_enough(scores, 80.0)
    assert obstacle is not None
    assert obstacle.reason == reason


@pytest.mark.slow
def test_unpaired_stakes_hold_the_level_and_say_their_power() -> None:
    rejected = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        table = simulate((HONEST,), rng, Work(items=8, bars=(None,)), Grading("fives"))
        del table.labels["item"]  # type: ignore[attr-defined]
        (found,) = audit(table).estimates("stakes")
        assert found.test == "cells_hc3"
        assert found.detectable is not None
        rejected += bool(found.flagged)
    assert stats.binomtest(rejected, 120, 0.05, alternative="greater").pvalue > 0.001
