"""Experiment design: studies, cells, contrasts that differ in one declared thing, identities, records."""

from peerpact.design.cells import Cell, cells
from peerpact.design.contrasts import Pair, pairs
from peerpact.design.record import Run
from peerpact.design.study import Study, load_study, study_names

__all__ = ["Cell", "Pair", "Run", "Study", "cells", "load_study", "pairs", "study_names"]
