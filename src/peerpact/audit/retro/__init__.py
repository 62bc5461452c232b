"""A study that is already done, looked at again: its rates, and what weakens them."""

from peerpact.audit.retro.checks import Untested, Weakness
from peerpact.audit.retro.run import ArmRate, Retro, retro

__all__ = ["ArmRate", "Retro", "Untested", "Weakness", "retro"]
