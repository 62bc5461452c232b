"""Whether a model's provider answers: how long it is tried, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from peerpact.harness.failure import told, unreached

if TYPE_CHECKING:
    from inspect_ai.model import Model, RetryDecision

__all__ = ["LATER", "PATIENCE", "SOON", "Provider", "impatient"]

PATIENCE = 10
"""Runs or questions in a row that an error ended, after which a provider is given up."""
SOON = 15.0
"""Seconds of errors alone after which a provider is given up that has not answered at all."""
LATER = 30.0
"""Seconds after which one is given up that has answered and can no longer be reached."""


@dataclass(slots=True)
class Provider:
    """What is known of the provider of one model, in one command."""

    halted: str = ""
    """Why it is given up, in words; empty while it is not."""
    failures: int = 0
    """Runs or questions in a row that an error of it ended."""
    failed: int = 0
    """All of them."""
    has_answered: bool = False
    failing_since: float | None = None
    """When the errors began that are not over, of a clock that only goes on."""

    def answered(self) -> None:
        """Note an answer."""
        self.has_answered, self.failing_since = True, None

    def ended(self, failure: str) -> None:
        """Note how a run or a question ended: the provider's error, or nothing where there was none."""
        self.failures = self.failures + 1 if failure else 0
        self.failed += bool(failure)
        if self.failures >= PATIENCE:
            self._give_up(
                f"its provider answered {self.failures} times in a row with an error ({failure}); mend it"
            )

    def tried(self, error: Exception, now: float) -> None:
        """Note an error after which the request would be made again.

        Tries are made ever more slowly, so a provider is given up by the time that has passed.
        """
        lost = unreached(error)
        if self.has_answered and not lost:
            self.failing_since = None
            return
        self.failing_since = now if self.failing_since is None else self.failing_since
        seconds = now - self.failing_since
        if seconds < (LATER if self.has_answered else SOON):
            return
        if lost:
            self._give_up(
                f"its provider cannot be reached for {seconds:.0f} seconds ({lost}); see that it runs and that "
                "its address is right"
            )
        else:
            self._give_up(
                f"its provider has answered with errors alone for {seconds:.0f} seconds ({told(error)}); mend it"
            )

    def _give_up(self, why: str) -> None:
        self.halted = self.halted or f"{why}, then give the same command with --retry-errors"


def impatient(model: Model, provider: Provider) -> Model:
    """Let a model try no more once its provider is given up; without this, each request tries for minutes."""
    patient = partial(type(model.api).should_retry, model.api)

    def should_retry(error: Exception) -> bool | RetryDecision:
        provider.tried(error, monotonic())
        return False if provider.halted else patient(error)

    setattr(model.api, "should_retry", should_retry)  # noqa: B010 - a method of this one model
    return model
