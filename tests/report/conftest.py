"""The samples, for tests of reports."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).parents[1] / "report" / "samples.py"


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    if "report_samples" not in sys.modules:
        spec = importlib.util.spec_from_file_location("report_samples", PATH)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["report_samples"] = module
        spec.loader.exec_module(module)
    return sys.modules["report_samples"]
