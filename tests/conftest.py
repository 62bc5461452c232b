"""What every test may rely on: no network, no terminal width, no user's environment."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

SAMPLES = Path(__file__).parent / "report" / "samples.py"

os.environ.setdefault("INSPECT_DISPLAY", "none")
os.environ.setdefault("COLUMNS", "200")
settings.register_profile("busy", deadline=None)  # a busy machine fails nothing
settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh-golden", action="store_true", help="rewrite what is compared with the code"
    )


@pytest.fixture(autouse=True)
def _closed_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection but those to this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host not in {"", "127.0.0.1", "::1", "localhost"}:
            raise OSError(f"a test reached for the network: {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """Made-up results, for tests of reports and of the page."""
    if "report_samples" not in sys.modules:
        spec = importlib.util.spec_from_file_location("report_samples", SAMPLES)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["report_samples"] = module
        spec.loader.exec_module(module)
    return sys.modules["report_samples"]
