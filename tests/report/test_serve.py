"""The live page: one address on loopback, read-only, built again only when the journal has grown."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peerpact.errors import ResultsError
from peerpact.report.serve import LivePage, Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "runs.jsonl").write_bytes(b"1\n")
    made = Server(LivePage(tmp_path, lambda folder: f"page of {folder.name}"))
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join()
    made.close()


def _ask(
    server: Server, path: str, method: str = "GET", host: str = ""
) -> tuple[int, str, dict[str, str]]:
    place = server.address.split("/")[2]
    connection = http.client.HTTPConnection(place, timeout=5)
    connection.request(method, path, headers={"Host": host or place})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), dict(answer.getheaders())
    connection.close()
    return found


def test_the_page_is_at_the_secret_address_only(server: Server, tmp_path: Path) -> None:
    secret = f"/{server.token}/"
    assert len(server.token) >= 24
    assert (
        server.address == f"http://127.0.0.1:{server.address.split(':')[2].split('/')[0]}{secret}"
    )
    assert _ask(server, secret)[:2] == (200, f"page of {tmp_path.name}")
    for path in (
        "/",
        "/state",
        f"/{server.token}",
        f"{secret}runs.jsonl",
        f"{secret}../state",
        "/x/",
        "//",
    ):
        assert _ask(server, path)[0] == 404


def test_another_host_name_is_not_answered(server: Server) -> None:
    assert _ask(server, f"/{server.token}/", host="evil.example")[0] == 404
    assert _ask(server, f"/{server.token}/", host="localhost:1")[0] == 200


@pytest.mark.slow
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_offered(server: Server, method: str) -> None:
    assert _ask(server, f"/{server.token}/", method)[0] == 501


def test_answers_are_neither_stored_framed_nor_guessed(server: Server) -> None:
    headers = _ask(server, f"/{server.token}/")[2]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert _ask(server, f"/{server.token}/", "HEAD")[1] == ""


def _counting(built: list[int]) -> Callable[[Path], str]:
    def build(folder: Path) -> str:
        built.append(len(built))
        return str(len(built))

    return build


def test_the_page_is_built_again_only_when_the_journal_grew(tmp_path: Path) -> None:
    built: list[int] = []
    journal = tmp_path / "runs.jsonl"
    live = LivePage(tmp_path, _counting(built))
    first = (live.state(), live.text(), live.text())
    assert first[1:] == ("1", "1")
    live._took = 0.0
    journal.write_bytes(b"1\n")
    assert live.state() != first[0]
    assert live.text() == "2"


def test_a_slow_page_is_not_built_again_at_once(tmp_path: Path) -> None:
    built: list[int] = []
    live = LivePage(tmp_path, _counting(built))
    assert live.text() == "1"
    live._took = 1_000.0
    (tmp_path / "runs.jsonl").write_bytes(b"1\n")
    assert live.text() == "1"
    assert live.shown() == live._built


def test_results_that_cannot_be_read_are_told_and_escaped(tmp_path: Path) -> None:
    def build(folder: Path) -> str:
        raise ResultsError("no <b>results</b>")

    assert "no &lt;b&gt;results&lt;/b&gt;" in LivePage(tmp_path, build).text()
