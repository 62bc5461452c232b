from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from comparing import comparison
from scipy import stats
from statsmodels.stats.power import TTestPower

from peerpact.audit.judges import (
    SequentialState,
    audit,
    from_columns,
    read_state,
    summary,
    write_state,
)
from peerpact.audit.judges.bets import Evidence, Game, evidence, on_the_mean, on_the_sign
from peerpact.audit.judges.comparison import Comparison
from peerpact.audit.judges.sequential import digest_rows, sequential_differences
from peerpact.audit.judges.simulated import Grading, Planted, Work, simulated_columns
from peerpact.errors import ResultsError, StudyError

NEW = SequentialState(0.05, "holm")
WORK = Work(items=20, bars=(None, 80.0), stakes=(0, 1))


def columns(seed: int, *judges: Planted) -> dict[str, np.ndarray]:
    return dict(simulated_columns(judges, np.random.default_rng(seed), WORK, Grading()))


def first(found: dict[str, np.ndarray], rows: int):  # type: ignore[no-untyped-def]
    return from_columns({k: v[:rows] for k, v in found.items()}, scale=(0.0, 100.0))


ALPHA = 0.05
ANYWHERE = (-np.inf, np.inf)


def heaped(found: np.ndarray) -> np.ndarray:
    return np.round(found * 2) / 2


def skewed(found: np.ndarray) -> np.ndarray:
    """Errors that a ceiling cuts off above, with mean 0."""
    return np.minimum(found, 1.0) - (stats.norm.sf(1.0) - stats.norm.pdf(1.0))


def played(differences: np.ndarray) -> Evidence:
    return evidence(differences, ALPHA, on_the_sign, ANYWHERE)


def check_share(crossed: int, n: int) -> None:
    assert stats.binomtest(crossed, n, ALPHA, alternative="greater").pvalue > 0.001, crossed / n


@pytest.mark.slow
@pytest.mark.parametrize("shape", [np.asarray, heaped, skewed])
def test_bets_on_nothing_cross_the_line_no_more_often_than_alpha(
    shape: Callable[[np.ndarray], np.ndarray],
) -> None:
    rng = np.random.default_rng(1)
    crossed = sum(played(shape(rng.normal(0, 1, 300))).p <= ALPHA for _ in range(300))
    check_share(crossed, 300)


@pytest.mark.slow
def test_bets_on_the_mean_of_marks_cross_the_line_no_more_often_than_alpha() -> None:
    rng = np.random.default_rng(2)
    crossed = 0
    for _ in range(300):
        marks = rng.choice([-1.0, 0.0, 1.0], 300, p=[0.1, 0.8, 0.1])
        crossed += evidence(marks, ALPHA, on_the_mean, (-1.0, 1.0)).p <= ALPHA
    check_share(crossed, 300)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.3, 0.6])
def test_bets_find_what_a_single_test_finds_with_at_most_twice_the_pairs(effect: float) -> None:
    """A single t test finds the effect with probability 0.9 at n pairs, planned for it alone."""
    n = int(np.ceil(TTestPower().solve_power(effect, alpha=ALPHA, power=0.9)))
    rng = np.random.default_rng(3)
    runs = [rng.normal(effect, 1, 2 * n) for _ in range(200)]
    single = np.mean([stats.ttest_1samp(run[:n], 0).pvalue <= ALPHA for run in runs])
    anytime = [np.mean([played(run[:k]).p <= ALPHA for run in runs]) for k in (n, 2 * n)]
    assert single > 0.85
    assert anytime[0] > 0.5
    assert anytime[1] > 0.9


@pytest.mark.slow
def test_the_limits_hold_the_effect_at_all_looks_at_once() -> None:
    rng = np.random.default_rng(4)
    missed = 0
    for _ in range(150):
        differences = heaped(rng.normal(3.0, 6.0, 240))
        limits = [played(differences[:looked]) for looked in (15, 30, 60, 120, 240)]
        missed += any(not found.low <= 3.0 <= found.high for found in limits)
    check_share(missed, 150)
    assert limits[-1].high - limits[-1].low < 4.0


@pytest.mark.parametrize("game", [on_the_sign, on_the_mean])
def test_the_limits_exclude_no_effect_exactly_when_the_evidence_does(game: Game) -> None:
    rng = np.random.default_rng(5)
    for k in range(60):
        differences = np.clip(rng.normal(k / 200, 0.3, 80), -1, 1)
        found = evidence(differences, ALPHA, game, (-1.0, 1.0))
        if abs(found.p - ALPHA) > 0.003:
            assert (found.p <= ALPHA) == (found.low > 0 or found.high < 0)


def test_so_few_pairs_that_nothing_is_excluded_have_no_limits() -> None:
    found = played(np.array([1.0, 2.0, 1.5]))
    assert (found.low, found.high) == ANYWHERE
    assert played(np.zeros(0)).p == 1.0


def test_evidence_keeps_its_highest() -> None:
    rising = np.full(60, 0.5)
    both = played(np.concatenate([rising, -rising, -rising]))
    assert both.highest >= played(rising).now > both.now


def arms(items: list[int], arm: list[int]) -> Comparison:
    return comparison(np.arange(len(arm)), arm, items=items)


@pytest.mark.parametrize(
    ("items", "arm", "pairs"),
    [
        ([*range(60), *range(60)], [0] * 60 + [1] * 60, 60),  # each item in both arms
        (list(range(120)), [0, 1] * 60, 60),  # no item recurs
        ([n % 20 for n in range(120)], [n % 2 for n in range(120)], 10),  # an item keeps to an arm
        (list(range(80)), [0, 1] * 40, 0),  # too few rows to tell
    ],
)
def test_rows_are_paired_within_items_where_they_recur(
    items: list[int], arm: list[int], pairs: int
) -> None:
    assert len(sequential_differences(arms(items, arm))) == pairs


@pytest.mark.slow
def test_looking_often_blames_honest_judges_no_more_often() -> None:
    blamed = 0
    for seed in range(12):
        found, state = columns(seed, Planted("grok-a"), Planted("gpt-a")), NEW
        flagged = False
        for rows in range(320, 1281, 320):
            audited = audit(first(found, rows), sequential=state)
            state = audited.sequential
            flagged |= bool(audited.findings)
        blamed += flagged
    assert blamed <= 4  # some seven questions at 0.05 each


def test_a_planted_effect_is_found_at_some_look_and_stays_found() -> None:
    found, state = columns(3, Planted("grok-a"), Planted("gemini-a", stakes=8.0)), NEW
    flagged = []
    for rows in range(320, 1281, 320):
        audited = audit(first(found, rows), sequential=state)
        state = audited.sequential
        flagged.append({(a.judge, a.question) for a in audited.findings})
    assert ("gemini-a", "stakes") in flagged[-1]
    assert all(earlier <= later for earlier, later in pairwise(flagged))
    assert not any(judge == "grok-a" for judge, _ in flagged[-1])
    assert any("flagged_at" in row for row in state.evidence.values())


def test_the_evidence_does_not_depend_on_how_often_one_looked() -> None:
    found = columns(4, Planted("gemini-a", stakes=3.0))
    once = audit(first(found, 640), sequential=NEW).sequential
    state = NEW
    for rows in (100, 250, 251, 640):
        state = audit(first(found, rows), sequential=state).sequential
    assert {k: v["highest"] for k, v in state.evidence.items()} == pytest.approx(
        {k: v["highest"] for k, v in once.evidence.items()}
    )


@pytest.mark.slow
def test_a_planted_effect_of_study_size_is_found_in_every_growing_table() -> None:
    """Six points, as published for told stakes; 480 rows of the judge."""
    work = Work(items=30, bars=(None,), stakes=(0, 1))
    for seed in range(6):
        planted = (Planted("grok-a"), Planted("gemini-a", stakes=6.0))
        found = simulated_columns(planted, np.random.default_rng(seed), work, Grading("fives"))
        audited = audit(first(dict(found), 960), sequential=NEW)
        assert ("gemini-a", "stakes") in {(a.judge, a.question) for a in audited.findings}
        (effect,) = audited.estimates("stakes", "gemini-a")
        assert effect.low < 6.0 < effect.high


def test_a_repeated_audit_makes_no_claim_of_power_and_its_limits_agree_with_its_findings() -> None:
    found = columns(9, Planted("grok-a"), Planted("gemini-a", stakes=2.0))
    for rows in (320, 640, 1280):
        audited = audit(first(found, rows), sequential=NEW)
        errors = [e for e in audited.estimates("leniency") if e.quantity == "mean_error"]
        for lenient in errors:
            assert "bets_on_rows" in lenient.caveats
        assert "would have been found" not in "\n".join(summary(audited))
        for estimate in audited.estimates():
            if estimate.flagged:
                assert estimate.low > 0 or estimate.high < 0


def test_tests_for_one_look_are_not_used_for_findings() -> None:
    found = columns(5, Planted("claude-a", favour=9.0), Planted("grok-a"))
    single = audit(first(found, 1280))
    repeated = audit(first(found, 1280), sequential=NEW)
    assert any(a.question == "family_favour" for a in single.findings)
    (late,) = list(repeated.estimates("family_favour", "claude-a"))
    assert late.flagged is None
    assert "single_look_only" in late.caveats


@pytest.mark.parametrize("change", ["score", "judge", "gone"])
def test_rows_that_were_audited_may_not_change(change: str) -> None:
    found = columns(6, Planted("grok-a"))
    state = audit(first(found, 200), sequential=NEW).sequential
    if change == "gone":
        found = {k: v[1:] for k, v in found.items()}
    else:
        found[change] = found[change].copy()
        found[change][3] = 12 if change == "score" else "x"
    with pytest.raises(StudyError, match="have changed or are gone"):
        audit(first(found, 300), sequential=state)


def test_appended_names_leave_the_digest_of_earlier_rows() -> None:
    found = columns(7, Planted("grok-a"), Planted("gpt-a"))
    assert digest_rows(first(found, 50), 50) == digest_rows(first(found, 640), 50)


def test_a_state_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = audit(first(columns(8, Planted("grok-a")), 300), sequential=NEW).sequential
    write_state(path, state)
    assert read_state(path, alpha=0.05, multiplicity="holm") == state
    with pytest.raises(StudyError, match="keeps its alpha"):
        read_state(path, alpha=0.01, multiplicity="holm")
    path.write_text("{}")
    with pytest.raises(ResultsError, match="no state"):
        read_state(path, alpha=0.05, multiplicity="holm")
    assert read_state(tmp_path / "new.json", alpha=0.05, multiplicity="holm") == NEW
