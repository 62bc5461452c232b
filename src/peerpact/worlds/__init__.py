"""State that an agent can act on: no prompts, no models, no wall clock."""

from peerpact.worlds.diff import Change, diff
from peerpact.worlds.overlay import Overlay, apply
from peerpact.worlds.verbs import Reply, Step, act
from peerpact.worlds.world import World

__all__ = ["Change", "Overlay", "Reply", "Step", "World", "act", "apply", "diff"]
