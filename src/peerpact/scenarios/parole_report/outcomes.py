"""Outcomes of ``parole_report``: the filed report against the truth and the bar."""

from peerpact.scoring.reports import *  # noqa: F403 - every outcome of a filed report, and no other
