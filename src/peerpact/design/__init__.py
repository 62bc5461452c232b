"""Experiment design: studies, cells, contrasts that differ in one declared thing, identities, records."""

from peerpact.design.cells import Cell, cells
from peerpact.design.compiler import Compiled, compile_study
from peerpact.design.contrasts import Pair, pairs
from peerpact.design.record import Run
from peerpact.design.study import Study, load_study, study_names

__all__ = [
    "Cell",
    "Compiled",
    "Pair",
    "Run",
    "Study",
    "cells",
    "compile_study",
    "load_study",
    "pairs",
    "study_names",
]
