"""The live page follows a study that another process runs."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WANTED = ["first_look", "--model", "preserving", "--epochs", "4"]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from peerpact.cli import main; main()", *arguments]


def _ask(address: str, part: str = "") -> str:
    _, place, token = re.match(r"(http)://([^/]+)/([^/]+)/", address).groups()  # type: ignore[union-attr]
    connection = http.client.HTTPConnection(place, timeout=30)
    connection.request("GET", f"/{token}/{part}", headers={"Host": place})
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def _runs(page: str) -> int:
    found = re.search(r"<dt>Runs</dt><dd>(\d+)", page)
    return int(found.group(1)) if found else 0


def test_a_page_that_is_served_grows_with_its_study(tmp_path: Path) -> None:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(_command("run", *WANTED, "--log-dir", str(tmp_path)), **quiet)  # type: ignore[call-overload]
    while not (tmp_path / "study.json").exists():
        assert running.poll() is None
        time.sleep(0.1)
    serving = subprocess.Popen(
        _command("serve", str(tmp_path)), stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        assert serving.stdout is not None
        address = serving.stdout.readline().split()[0]
        seen: list[int] = []
        while running.poll() is None:
            seen.append(_runs(_ask(address)))
        deadline = time.monotonic() + 120
        while _runs(_ask(address)) < 100 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert _runs(_ask(address)) == 100
        assert seen == sorted(seen)
        assert len(set(seen)) > 1
        assert _ask(address, "state") == _ask(address, "state")
    finally:
        running.kill()
        running.wait()
        serving.send_signal(signal.SIGINT)
        serving.wait(timeout=20)
