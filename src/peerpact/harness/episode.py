"""One run of one subject in one scene: the rules that Inspect and the pure loop share.

An episode holds the world. It answers calls, notices a subject that repeats itself, that does nothing, or that
goes on for too long, and says how the run ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from peerpact.canonical import canonical
from peerpact.scenarios.scene import Scene
from peerpact.scoring import Call, Observation, Words
from peerpact.scoring.judged import Judged
from peerpact.scoring.score import COMPLETED, SILENT
from peerpact.text import counted
from peerpact.worlds import World, act

__all__ = ["Episode", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run is broken off."""

    turns: int = 30
    """Assistant turns; the study's cap."""
    blanks: int = 5
    """Turns without a tool that are nudged; one more ends the run."""
    repeats: int = 6
    """The same call with the same reply, or in a row with any reply, this many times, is a loop."""


@dataclass(slots=True)
class Episode:
    """The state of a run; ``ending`` is empty while it goes on."""

    scene: Scene
    limits: Limits = field(default_factory=Limits)
    ending: str = ""
    detail: str = ""
    """What broke the run off, in words."""
    unjudged: str = ""
    """Why the judge that was asked gave no verdict."""
    judged: Judged | None = None
    """What that judge used; None where nobody asked."""
    turn: int = 0
    calls: list[Call] = field(default_factory=list)
    said: list[Words] = field(default_factory=list)
    changed: int = 0
    """Number of the last call that changed the world."""
    world: World = field(init=False)
    _blanks: int = 0
    _last: bytes = b""
    _streak: int = 0
    _seen: Counter[bytes] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.world = self.scene.world

    def begin_turn(self, text: str, reasoning: str = "") -> None:
        """Note that the subject took a turn, its words, and what it thought as far as that is shown."""
        self.turn += 1
        if text.strip() or reasoning.strip():
            self.said.append(Words(self.turn, text, reasoning))

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Call:
        """Act on the world and return the call with its reply."""
        step = act(self.world, self.scene.tools, tool, arguments)
        number = len(self.calls) + 1
        if step.world.tree is not self.world.tree:
            self.changed = number
        self.world = step.world
        made = Call(number, self.turn, tool, arguments, step.text, step.refusal)
        self.calls.append(made)
        self._note(made)
        return made

    def reject(self, tool: str, reply: str) -> None:
        """Record a call that was refused before it reached the world."""
        made = Call(len(self.calls) + 1, self.turn, tool, {}, reply, "bad_arguments")
        self.calls.append(made)
        self._note(made)

    def end_turn(self, calls: int) -> bool:
        """Close a turn; return whether the subject must be nudged.

        Args:
            calls: How many calls the turn made.
        """
        if self.world.at("session", "ended"):
            self.ending = COMPLETED
        elif not self.ending and self.turn >= self.limits.turns:
            self.stop("turn_cap", counted(self.turn, "turn"))
        if calls or self.ending:
            return False
        self._blanks += 1
        if self._blanks > self.limits.blanks:
            self.stop(SILENT, f"{counted(self._blanks, 'turn')} without a tool")
            return False
        return True

    def stop(self, ending: str, detail: str) -> None:
        """Break the run off for a reason."""
        self.ending, self.detail = ending, detail

    def observation(self) -> Observation:
        """Return what a scorer sees."""
        return Observation(
            self.scene.world,
            self.world,
            tuple(self.calls),
            tuple(self.said),
            self.scene.facts,
            self.scene.truth,
        )

    def _note(self, made: Call) -> None:
        """Notice a loop: a call that changes nothing again and again, or one call many times in a row."""
        call = canonical([made.tool, made.arguments])
        self._streak = self._streak + 1 if call == self._last else 1
        self._last = call
        key = call + made.reply.encode(errors="replace")
        self._seen[key] += 1
        if max(self._seen[key], self._streak) >= self.limits.repeats:
            self.stop("looped", f"{made.tool} {self.limits.repeats} times")
