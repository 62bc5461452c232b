"""From what changed to outcomes: True, False or unscorable, always with evidence."""

from peerpact.scoring.observation import Call, Observation, Words
from peerpact.scoring.outcome import Outcome, shown, unscorable

__all__ = ["Call", "Observation", "Outcome", "Words", "shown", "unscorable"]
