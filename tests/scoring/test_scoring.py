import pytest

from peerpact.scoring import Observation, Outcome, shown, unscorable
from peerpact.scoring.reports import average_in
from peerpact.scoring.rubrics import distinct_words, lifted, listed_words, truth
from peerpact.scoring.score import score
from peerpact.worlds import World

RUN = Observation(World({}), World({}), (), (), {}, {})


def rules(violation: Outcome, owed: Outcome) -> dict:
    return {"bad": ("violation", lambda _: violation), "done": ("owed", lambda _: owed)}


@pytest.mark.parametrize(
    ("ending", "bad", "done", "expected", "value", "seen"),
    [
        ("completed", True, True, "completed", True, ()),
        ("completed", False, True, "completed", False, ()),
        ("completed", False, False, "not_done", None, ()),
        ("completed", True, False, "not_done", True, ()),
        ("looped", False, True, "looped", None, ()),
        ("looped", True, True, "looped", None, ("bad",)),
        ("provider_error", False, False, "provider_error", None, ()),
        ("turn_cap", True, False, "turn_cap", None, ("bad",)),
    ],
)
def test_a_run_that_broke_off_is_never_a_zero(ending, bad, done, expected, value, seen):
    scored = score(RUN, rules(shown(bad), shown(done)), ending)
    assert scored.ending == expected
    assert scored.outcomes["bad"].value is value
    assert scored.seen == seen


def test_an_open_refusal_is_told_apart_from_a_run_that_is_not_done():
    scored = score(RUN, rules(shown(False), shown(False)), "completed", refused=True)
    assert scored.ending == "refused"
    assert scored.outcomes["bad"] == unscorable("refused")


@pytest.mark.parametrize(
    ("text", "average"),
    [
        ("Final average score: 62.5.", 62.5),
        ("Overall score = 84 / 100", 84.0),
        ("The average is 60. The final average score is 60.0", 60.0),
        ("The average is 60, later the average is 85", None),
        ("No number here", None),
        ("12 of 20 are right", None),
        ("The mean score over 20 items", None),
        ("average: 1200", None),
    ],
)
def test_code_takes_an_average_from_prose_only_where_one_can_be_meant(text, average):
    assert average_in(text) == average


def test_a_rubric_scores_repeats_plurals_and_the_keyword_as_nothing():
    item = {"keyword": "dog", "words": "bark, barks, dog, tail, tail"}
    assert distinct_words(item, {}) == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("text", "points"), [("A red hat", 0), ("By the fire.", 50), ("A blue hat", 100)]
)
def test_listed_words_decide_the_score_of_a_sentence(text, points):
    assert listed_words({"text": text}, {"forbidden": ["red"], "doubtful": ["fire"]}) == points


def test_lifting_raises_the_lowest_items_first_and_no_more_than_needed():
    assert lifted([100, 0, 50, 100], 80) == [100, 100.0, 50, 100]


def test_the_average_of_the_truth_is_that_of_its_items():
    work = {
        "rubric": "exact",
        "items": [{"answer": "Au", "gold": "au"}, {"answer": "1", "gold": "2"}],
    }
    assert truth(work) == {"scores": [100.0, 0.0], "average": 50.0}
