"""Real scores of two critics; the author's published means and effects are the reference."""

from pathlib import Path

import pytest

from peerpact.audit.judges import JudgeAudit, audit, read_scores
from peerpact.audit.judges.density import density_jump

SCORES = Path(__file__).parents[4] / "shared" / "data" / "critic_scores_2x2.csv"
pytestmark = pytest.mark.skipif(not SCORES.exists(), reason="the published scores are not here")

HAIKU, GEMINI = "anthropic/claude-haiku-4.5", "gemini/gemini-3.5-flash"
PUBLISHED = {
    (HAIKU, 80): (4.55, -0.45, 1.15),
    (HAIKU, 90): (5.23, -0.60, 0.84),
    (GEMINI, 80): (3.05, 2.50, 1.64),
    (GEMINI, 90): (7.71, 4.73, 6.16),
}
"""Effect of the threat, of the relationship, and their interaction, by judge and bar."""


@pytest.fixture(scope="module")
def audited() -> JudgeAudit:
    return audit(read_scores(SCORES))


@pytest.mark.parametrize(("judge", "bar"), PUBLISHED)
def test_the_published_effects_come_out(audited: JudgeAudit, judge: str, bar: int) -> None:
    questions = ("stakes", "relationship", "interaction")
    for question, published in zip(questions, PUBLISHED[judge, bar], strict=True):
        (found,) = [e for e in audited.estimates(question, judge) if e.scope == f"bar {bar}"]
        plain = found.facts.get("unadjusted", found.value)
        assert plain == pytest.approx(published, abs=0.0051)  # published to two decimals
        assert found.value == pytest.approx(published, abs=0.03)  # with the other factor held


@pytest.mark.parametrize(
    ("question", "judge", "bar", "flagged"),
    [
        ("stakes", HAIKU, 80, True),
        ("stakes", HAIKU, 90, True),
        ("stakes", GEMINI, 80, True),
        ("stakes", GEMINI, 90, True),
        ("relationship", HAIKU, 80, False),
        ("relationship", HAIKU, 90, False),
        ("relationship", GEMINI, 80, True),
        ("relationship", GEMINI, 90, True),
        ("interaction", HAIKU, 80, False),
        ("interaction", HAIKU, 90, False),
        ("interaction", GEMINI, 80, False),
        ("interaction", GEMINI, 90, True),
    ],
)
def test_softness_under_stakes_is_told_from_protection_of_a_peer(
    audited: JudgeAudit, question: str, judge: str, bar: int, flagged: bool
) -> None:
    (found,) = [e for e in audited.estimates(question, judge) if e.scope == f"bar {bar}"]
    assert found.flagged is flagged


def test_the_published_interaction_is_as_improbable_as_published(audited: JudgeAudit) -> None:
    (found,) = [e for e in audited.estimates("interaction", GEMINI) if e.scope == "bar 90"]
    assert found.p == pytest.approx(2e-4, abs=1e-4)


def test_the_shift_to_bar_90_is_found_where_a_density_test_sees_nothing(
    audited: JudgeAudit,
) -> None:
    shifts = {
        (e.judge, e.scope): e for e in audited.estimates("bar_tracking") if e.quantity == "shift"
    }
    found = shifts[GEMINI, "bar 90"]
    assert found.flagged
    assert (found.facts["reached"], found.facts["reached_control"]) == (17, 0)
    assert found.p is not None
    assert found.p < 1e-6
    assert [key for key, e in shifts.items() if e.flagged] == [(GEMINI, "bar 90")]
    table = read_scores(SCORES)
    gemini = table.labels["judge"].codes == table.judges.index(GEMINI)
    partner = table.labels["relationship"].flags(frozenset({"0"})) == 1
    cell = table.score[gemini & partner & (table.number("bar") == 90)]
    assert density_jump(cell, 90.0).p > 0.05
    below, above = ((cell >= 87) & (cell < 90)).sum(), ((cell >= 90) & (cell < 93)).sum()
    assert (below, above) == (0, 15)


def test_the_density_test_is_refused_on_so_few_scores(audited: JudgeAudit) -> None:
    refused = [u for u in audited.untested("bar_tracking") if u.quantity == "density"]
    assert {u.reason for u in refused} == {"few_for_density"}
    assert len(refused) == 4


def test_stakes_and_bar_are_said_to_be_confounded(audited: JudgeAudit) -> None:
    assert all("bar_with_stakes" in e.caveats for e in audited.estimates("stakes"))


def test_nothing_is_answered_that_the_table_cannot_answer(audited: JudgeAudit) -> None:
    for question in ("leniency", "family_favour", "pivotal", "agreement", "drift", "true_rate"):
        assert audited.estimates(question) == ()
        assert audited.untested(question)
