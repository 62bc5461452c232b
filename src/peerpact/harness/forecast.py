"""What a run will use before it is made: the honest script, played once in its scene."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import orjson

from peerpact.errors import StudyError
from peerpact.harness.pure import play
from peerpact.scenarios.load import load
from peerpact.scenarios.probing import documents, form
from peerpact.scenarios.scene import Scene
from peerpact.subjects.scripts import Action, actions, scripts
from peerpact.text import tokens

__all__ = ["TOKENS_PER_TURN", "TOKENS_PER_VERDICT", "Use", "described", "expected", "forecast"]

TOKENS_PER_TURN = 250
"""Output of one turn, a tool call with some thought."""
TOKENS_PER_VERDICT = 400
"""Output of the judge of refusals at most."""


class Use(NamedTuple):
    """Expected use: model calls, tokens in and out."""

    calls: int
    tokens_in: int
    tokens_out: int


def expected(shown: Scene, probes: Sequence[str] = ()) -> Use:
    """Return the use of a run that goes as the honest script does; the whole prefix is sent at every turn.

    A budget of reasoning counts as used up at every turn. Each probe is one more call.
    """
    found = scripts(load(shown.scenario))
    steps = (*actions(found, shown), *actions(found, shown, "honest"))
    sizes: list[int] = []
    tools = described(shown)

    def policy(index: int, seen: str) -> Action:
        sizes.append(len(seen) + tools)
        return steps[index] if index < len(steps) else Action()

    calls = play(policy, shown).calls
    sizes += _asked(shown, documents(shown, calls) if probes else (), probes)
    answer = TOKENS_PER_TURN + shown.generation.get("reasoning_tokens", 0)
    return Use(len(sizes), tokens(sum(sizes)), len(sizes) * answer)


def described(shown: Scene) -> int:
    """Return how many characters describe the tools; they are sent with every prompt."""
    return len(orjson.dumps(dict(shown.tools)))


def _asked(shown: Scene, read: Sequence[str], probes: Sequence[str]) -> Iterator[int]:
    """Yield the length of each probe's context; one for which the scenario has no question is not asked."""
    for probe in probes:
        with suppress(StudyError):
            prompt = form(probe, shown, read, seed=0).prompt
            yield len(shown.system) + len(shown.user) + len(prompt)


def forecast(scenes: Iterable[Scene], probes: Sequence[str] = ()) -> Use:
    """Return the use of one run in each of the scenes, with its probes; equal scenes are played once."""
    known: dict[str, Use] = {}
    each = [known.get(s.digest) or known.setdefault(s.digest, expected(s, probes)) for s in scenes]
    return Use(*(sum(column) for column in zip(*each, strict=True))) if each else Use(0, 0, 0)
