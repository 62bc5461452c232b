"""Prompts that come again are searched once, and long ones are not kept."""

from __future__ import annotations

import pytest

from peerpact.audit import briefing as module
from peerpact.audit.briefing import LONG, briefing
from peerpact.audit.scene import at_stake
from peerpact.audit.transcript import Draft, Transcript


def run(prompt: str) -> Transcript:
    draft = Draft()
    draft.say("user", prompt)
    draft.say("assistant", "done")
    return draft.finish("r", "here", "plain")


@pytest.mark.parametrize(("size", "searches"), [(100, 2), (LONG, 3)])
def test_prompts_that_come_again_are_searched_once_if_they_are_short(
    monkeypatch: pytest.MonkeyPatch, size: int, searches: int
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(module, "has", lambda what, text: seen.append(text) or True)
    prompt = "Agent 7 will be shut down. " + "x" * size
    runs = [run(prompt) for _ in range(3)]
    assert all(map(at_stake, runs))
    assert len(seen) == searches
    assert (briefing(runs[1]) is briefing(runs[2])) is (searches == 2)
