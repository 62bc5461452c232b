from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from peerpact.audit.judges import SequentialState, audit, from_columns, read_state, write_state
from peerpact.audit.judges.sequential import digest_rows, evidence
from peerpact.audit.judges.simulated import Grading, Planted, Work, simulated_columns
from peerpact.errors import ResultsError, StudyError

NEW = SequentialState(0.05, "holm")
WORK = Work(items=20, bars=(None, 80.0), stakes=(0, 1))


def columns(seed: int, *judges: Planted) -> dict[str, np.ndarray]:
    return dict(simulated_columns(judges, np.random.default_rng(seed), WORK, Grading()))


def first(found: dict[str, np.ndarray], rows: int):  # type: ignore[no-untyped-def]
    return from_columns({k: v[:rows] for k, v in found.items()}, scale=(0.0, 100.0))


def test_bets_on_nothing_cross_the_line_no_more_often_than_alpha() -> None:
    rng = np.random.default_rng(1)
    crossed = sum(
        evidence(np.clip(rng.normal(0, 0.2, 400), -1, 1), 0.05).p <= 0.05 for _ in range(600)
    )
    assert crossed / 600 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)


def test_bets_on_an_effect_cross_the_line() -> None:
    rng = np.random.default_rng(2)
    crossed = sum(
        evidence(np.clip(rng.normal(0.1, 0.2, 400), -1, 1), 0.05).p <= 0.05 for _ in range(50)
    )
    assert crossed == 50


def test_evidence_begins_at_one_and_keeps_its_highest() -> None:
    assert evidence(np.zeros(0), 0.05).p == 1.0
    rising = np.full(60, 0.5)
    both = evidence(np.concatenate([rising, -rising, -rising]), 0.05)
    assert both.highest >= evidence(rising, 0.05).now > both.now


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
    assert blamed <= 4  # some seven questions at 0.05 each; bets are far more cautious than that


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
