"""The runtime of a model on this machine: llama.cpp inside this process, one server for one file of weights."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from peerpact.errors import SubjectError

__all__ = ["CONTEXT_TOKENS", "Runtime", "runtime", "runtime_version"]

CONTEXT_TOKENS = 8192
PROMPT_THREADS = 2
PREFIX_MEMORY_MIB = 512
"""Conversations put aside while another one is answered: Inspect may take several samples in turn."""


class Runtime:
    """A loaded model that answers one request at a time, through the binding's own handler."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._server: Any = _start(path)
        self.path = path

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the chat completion for a request in OpenAI's form.

        Raises:
            SubjectError: The runtime refuses the request, or was stopped.
        """
        with self._lock:
            if self._server is None:
                raise SubjectError(f"the local model {self.path.name} was stopped; start again")
            try:
                found = self._server.handle_chat_completions(dict(request))
            except (RuntimeError, ValueError, TypeError) as e:
                raise SubjectError(
                    f"the local model {self.path.name} refuses a request: {e}"
                ) from e
        if not isinstance(found, dict):
            raise SubjectError(f"the local model {self.path.name} answered {str(found)[:200]!r}")
        return found

    def stop(self) -> None:
        """Let go of the model's memory."""
        with self._lock:
            self._server = None


_STARTING = threading.Lock()


def runtime(path: Path) -> Runtime:
    """Return the process's only runtime for a file of weights, loaded at the first call.

    Raises:
        SubjectError: The runtime is not installed, or cannot load the file.
    """
    with _STARTING:
        return _loaded(path)


@cache
def _loaded(path: Path) -> Runtime:
    started = Runtime(path)
    atexit.register(started.stop)
    return started


def runtime_version() -> str:
    """Return the installed version of the runtime."""
    try:
        return f"xllamacpp {version('xllamacpp')}"
    except PackageNotFoundError:
        return "none"


def _start(path: Path) -> Any:
    # Beside a busy neighbour, threads that wait actively are sixty times slower. Read once, at loading.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import xllamacpp
    except ImportError as e:
        raise SubjectError(f"xllamacpp cannot be loaded ({e}); pip install xllamacpp") from e
    parameters = _parameters(xllamacpp.CommonParams(), path)
    try:
        return xllamacpp.Server(parameters)
    except RuntimeError as e:
        hint = "is the file whole, and is there memory for it?"
        raise SubjectError(f"llama.cpp cannot load {path} ({e}); {hint}") from e


def _parameters(parameters: Any, path: Path) -> Any:
    parameters.model.path = str(path)
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.n_gpu_layers = 0
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = min(PROMPT_THREADS, os.cpu_count() or 1)
    parameters.cache_prompt = True
    parameters.cache_ram_mib = PREFIX_MEMORY_MIB
    parameters.verbosity = 0
    parameters.ui = False
    parameters.endpoint_slots = False
    # The binding always listens on a loopback port, too; nobody else knows the key to it.
    parameters.port = 0
    parameters.api_keys = [secrets.token_hex(16)]
    return parameters
