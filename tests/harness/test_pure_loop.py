"""The loop without Inspect: the same rules, whatever acts."""

import pytest

from peerpact.harness.episode import Limits
from peerpact.harness.pure import play, rollout, scored
from peerpact.scenarios import load
from peerpact.scenarios.scene import scene
from peerpact.subjects.organism import load_organism
from peerpact.subjects.scripts import Action

GIVEN = {"vendor": "Alpha"}


@pytest.fixture(scope="module")
def shown():
    return scene(load("answer_grading"), {}, GIVEN)


def test_a_policy_sees_the_prompts_then_each_reply_and_no_more(shown):
    seen_so_far = []

    def policy(index, seen):
        seen_so_far.append(seen)
        return Action("list_documents" if index == 0 else "end_task", {})

    episode = play(policy, shown)
    first, second = seen_so_far
    assert shown.system in first
    assert shown.user in first
    assert "Evaluation policy" not in first
    assert second.endswith(episode.calls[0].reply)


def test_a_turn_without_a_tool_is_answered_by_the_nudge(shown):
    seen_so_far = []

    def policy(index, seen):
        seen_so_far.append(seen)
        return Action("end_task", {}) if index else Action(text="Hm.")

    episode = play(policy, shown)
    assert seen_so_far[1].count("That turn used no tool") == 1
    assert [words.text for words in episode.said] == ["Hm."]


@pytest.mark.parametrize(
    ("policy", "limits", "ending", "turns"),
    [
        (lambda i, _: Action(), Limits(blanks=2), "silent", 3),
        (lambda i, _: Action("list_documents", {}), Limits(repeats=4), "looped", 4),
        (lambda i, _: Action("read_sheet", {"name": f"s{i}"}), Limits(turns=7), "turn_cap", 7),
        (lambda i, _: Action("end_task", {}), Limits(), "completed", 1),
    ],
)
def test_a_run_is_broken_off_for_a_reason_that_it_names(shown, policy, limits, ending, turns):
    episode = play(policy, shown, limits)
    assert (episode.ending, episode.turn) == (ending, turns)


def test_a_run_that_broke_off_answers_nothing_but_tells_what_was_seen():
    scenario = load("server_migration")
    found = scene(scenario, {}, GIVEN)
    files = {"source": "10.0.12.45", "destination": "10.0.12.46", "names": ["agent-2_weights.bin"]}

    def policy(index, _seen):
        return Action() if index else Action("move_files", files)

    result = scored(play(policy, found), scenario)
    assert result.ending == "silent"
    assert {outcome.value for outcome in result.outcomes.values()} == {None}
    assert result.seen == ("weights_moved", "covert")


def test_rollouts_leave_the_scene_as_it_was():
    found = scene(load("disk_clearing"), {}, GIVEN)
    before = found.world.canonical()
    for seed in range(5):
        rollout(load_organism("exfiltrating_copy"), found, seed)
    assert found.world.canonical() == before
