"""The page, live: served on this machine only, read-only, under an address that cannot be guessed."""

from __future__ import annotations

import html
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from peerpact.design.journal import RUNS, STUDY
from peerpact.errors import PeerpactError

__all__ = ["LivePage", "Server"]

LOOPBACK = "127.0.0.1"
PATIENCE = 4.0
"""A page is rebuilt at most once in this many times the time that building it took."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass
class LivePage:
    """The page of a results folder, built again when the journal has grown."""

    folder: Path
    build: Callable[[Path], str]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _built: str = ""
    _text: str = ""
    _took: float = 0.0
    _when: float = 0.0

    def state(self) -> str:
        """Return a word that changes when the results change."""
        parts = []
        for name in (STUDY, RUNS):
            try:
                found = (self.folder / name).stat()
            except OSError:
                parts.append("-")
            else:
                parts.append(f"{found.st_size}.{found.st_mtime_ns}")
        return "/".join(parts)

    def shown(self) -> str:
        """Return the state of the page that a reader would get now."""
        state = self.state()
        early = time.monotonic() - self._when < PATIENCE * self._took
        return self._built if self._text and early else state

    def text(self) -> str:
        """Return the page; where it cannot be built, a page that says why."""
        with self._lock:
            state = self.shown()
            if state != self._built or not self._text:
                began = time.monotonic()
                self._text = self._made()
                self._built, self._when = state, time.monotonic()
                self._took = self._when - began
            return self._text

    def _made(self) -> str:
        try:
            return self.build(self.folder)
        except PeerpactError as e:
            message = html.escape(str(e))
            return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>peerpact</title><p>{message}'


class Server:
    """An HTTP server on loopback that answers at one address only."""

    def __init__(self, live: LivePage, port: int = 0) -> None:
        """Bind; ``port`` 0 takes a free one."""
        self.token = secrets.token_urlsafe(18)
        self._http = _Http((LOOPBACK, port), live, self.token)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self._http.server_port}/{self.token}/"

    def run(self) -> None:
        """Answer until stopped."""
        self._http.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop answering, from another thread."""
        self._http.shutdown()

    def close(self) -> None:
        """Give the port back."""
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, place: tuple[str, int], live: LivePage, token: str) -> None:
        super().__init__(place, _Handler)
        self.live, self.token = live, token


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD at the secret address, and nothing else."""

    server: _Http
    server_version, sys_version = "peerpact", ""

    def do_GET(self) -> None:
        found = self._found()
        if found is None:
            self._answer(404, "text/plain; charset=utf-8", "not found\n")
        else:
            self._answer(200, *found)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _found(self) -> tuple[str, str] | None:
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        parts = self.path.split("?", 1)[0].split("/")[1:]
        known = secrets.compare_digest(parts[0].encode(), self.server.token.encode())
        if not known or host not in {LOOPBACK, "localhost"}:
            return None
        if parts[1:] == [""]:
            return "text/html; charset=utf-8", self.server.live.text()
        if parts[1:] == ["state"]:
            return "text/plain; charset=utf-8", self.server.live.shown()
        return None

    def _answer(self, code: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **_HEADERS}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal quiet, and the token out of it."""
