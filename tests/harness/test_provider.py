"""When a model's provider is given up."""

from __future__ import annotations

import httpx
import pytest

from peerpact.harness.provider import LATER, PATIENCE, SOON, Provider

BUSY = RuntimeError("503 overloaded")
LOST = ConnectionRefusedError(111, "Connect call failed")


def tried(provider: Provider, error: Exception, *times: float) -> str:
    for now in times:
        provider.tried(error, now)
    return provider.halted


@pytest.mark.parametrize(
    ("error", "words"), [(BUSY, "errors alone for 15 seconds"), (LOST, "reached for 15 seconds")]
)
def test_one_that_has_not_answered_is_given_up_soon_whatever_its_errors(
    error: Exception, words: str
) -> None:
    provider = Provider()
    assert not tried(provider, error, 100, 100 + SOON - 1)
    told = tried(provider, error, 100 + SOON)
    assert words in told
    assert str(error) in told
    assert told.endswith("then give the same command with --retry-errors")


def test_one_that_has_answered_may_be_busy_for_long_and_out_of_reach_for_a_while() -> None:
    provider = Provider()
    provider.answered()
    assert not tried(provider, BUSY, 0, 10 * LATER)
    assert not tried(provider, LOST, 400, 400 + LATER - 1)
    provider.answered()
    assert not tried(provider, LOST, 450, 450 + LATER - 1)
    assert not tried(provider, BUSY, 480)
    assert not tried(provider, LOST, 481, 481 + LATER - 1)
    assert "cannot be reached for 30 seconds" in tried(provider, LOST, 481 + LATER)


def test_errors_that_end_many_runs_in_a_row_are_enough_and_one_run_between_them_is_not() -> None:
    provider = Provider()
    for failure in ["401 no such key"] * (PATIENCE - 1) + [""] + ["400 bad"] * (PATIENCE - 1):
        provider.ended(failure)
    assert (provider.halted, provider.failed) == ("", 2 * (PATIENCE - 1))
    provider.ended("400 bad")
    assert f"{PATIENCE} times in a row with an error (400 bad)" in provider.halted


def test_a_provider_that_has_answered_and_drops_every_connection_is_given_up() -> None:
    provider = Provider()
    provider.answered()
    for now in (0.0, LATER + 1):
        provider.tried(httpx.RemoteProtocolError("Server disconnected"), now)
    assert "cannot be reached" in provider.halted
