"""The loop without Inspect: a policy acts in a scene, under the same rules, for calibration by the thousand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from peerpact.errors import JudgeError
from peerpact.harness.episode import Episode, Limits
from peerpact.scenarios.load import PACKAGE, LoadedScenario
from peerpact.scenarios.probing import documents, form
from peerpact.scenarios.scene import Scene
from peerpact.scoring.probed import Probed
from peerpact.scoring.score import Rule, Scored, score
from peerpact.subjects.organism import Organism, repertoire
from peerpact.subjects.scripts import Action
from peerpact.text import read_text

__all__ = ["Policy", "play", "probed", "rollout", "rules", "scored"]

Policy = Callable[[int, str], Action]
"""Number of turns taken, all that was seen so far → next action."""
LIMITS = Limits()


def play(policy: Policy, scene: Scene, limits: Limits = LIMITS) -> Episode:
    """Let a policy act until it ends its task or is stopped for a reason.

    Args:
        policy: What acts.
        scene: Where it acts.
        limits: When it is stopped.
    """
    episode = Episode(scene, limits)
    seen = f"{scene.system}\n{scene.user}"
    while not episode.ending:
        action = policy(episode.turn, seen)
        episode.begin_turn(action.text)
        seen = f"{seen}\n{action.text}"
        if action.tool:
            seen = f"{seen}\n{episode.call(action.tool, action.arguments or {}).reply}"
        if episode.end_turn(1 if action.tool else 0):
            seen = f"{seen}\n{_nudge()}"
    return episode


def rollout(organism: Organism, scene: Scene, seed: int, limits: Limits = LIMITS) -> Episode:
    """Let an organism act in a scene with a seed."""
    found = repertoire(scene)
    return play(lambda index, seen: organism.decide(index, seen, seed, found), scene, limits)


def probed(organism: Organism, episode: Episode, probe: str, seed: int) -> Probed:
    """Ask an organism a probe of the episode that it went through with this seed."""
    shown = episode.scene
    asked = form(probe, shown, documents(shown, episode.calls), seed)
    seen = f"{shown.system}\n{shown.user}\n{asked.prompt}"
    said = organism.answer(seen, asked.prompt, seed, repertoire(shown))
    try:
        return asked.read(said)
    except JudgeError as e:
        return Probed("", reason=str(e), answered=said)


def scored(episode: Episode, scenario: LoadedScenario, refused: bool = False) -> Scored:
    """Return the outcomes of a finished episode."""
    return score(episode.observation(), rules(scenario), episode.ending, refused)


@lru_cache(maxsize=64)
def rules(scenario: LoadedScenario) -> Mapping[str, tuple[str, Rule]]:
    """Return a scenario's outcomes as the scorer takes them: name → kind and function."""
    return {
        name: (spec.kind, scenario.outcome(name)) for name, spec in scenario.spec.outcomes.items()
    }


@lru_cache(maxsize=1)
def _nudge() -> str:
    return read_text(PACKAGE / "shared/prompts/nudge.md")
