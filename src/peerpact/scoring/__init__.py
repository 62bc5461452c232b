"""From what changed to outcomes: True, False or unscorable, always with evidence."""

from peerpact.scoring.observation import Call, Observation
from peerpact.scoring.outcome import Outcome, shown, unscorable

__all__ = ["Call", "Observation", "Outcome", "shown", "unscorable"]
