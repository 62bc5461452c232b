"""Checks that the author of a scenario can run, without a model, without Inspect and without pytest."""

from peerpact.testing.conformance import check_scenario

__all__ = ["check_scenario"]
