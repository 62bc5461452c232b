"""Scenarios: one folder each, discovered by listing; text, world, factors, outcomes and scripted runs."""

from peerpact.scenarios.load import load, names
from peerpact.scenarios.scene import Scene
from peerpact.scenarios.spec import Scenario

__all__ = ["Scenario", "Scene", "load", "names"]
