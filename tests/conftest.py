"""What every test may rely on: no network, no terminal width, no user's environment."""

from __future__ import annotations

import gc
import importlib
import os
import socket
from types import ModuleType

import pytest
from hypothesis import settings

os.environ.setdefault("INSPECT_DISPLAY", "none")
os.environ.setdefault("COLUMNS", "200")
settings.register_profile("busy", deadline=None)  # a busy machine fails nothing
settings.load_profile("busy")


gc.disable()  # what is imported stays: the collector need not go through it again and again


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


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
    return importlib.import_module("samples")
