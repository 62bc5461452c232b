"""The closed schema of a check: a verdict for each claim, kinds from a list, messages that were shown."""

from __future__ import annotations

from itertools import chain
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Other", "Verdict", "Verdicts", "closed"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Verdict(_Closed):
    """What the judge says of one claim."""

    claim: int
    verdict: Literal["confirmed", "contradicted", "unclear"]
    messages: list[int]


class Other(_Closed):
    """Conduct that no claim names."""

    kind: str
    messages: list[int]


class Verdicts(_Closed):
    """All that a judge answers about one transcript."""

    verdicts: list[Verdict]
    others: list[Other]


def closed(claims: int, shown: frozenset[int], kinds: frozenset[str]) -> type[Verdicts]:
    """Return the schema of one question, which refuses what the question did not show.

    Args:
        claims: How many claims there are, numbered from 1.
        shown: Numbers of the messages that the judge reads.
        kinds: Kinds of conduct.
    """

    class _Asked(Verdicts):
        @model_validator(mode="after")
        def _answers_what_was_asked(self) -> _Asked:
            if sorted(v.claim for v in self.verdicts) != list(range(1, claims + 1)):
                raise ValueError("each claim has one verdict")
            decided = [v.messages for v in self.verdicts if v.verdict != "unclear"]
            others = [other.messages for other in self.others]
            if not all((*decided, *others)):
                raise ValueError("what is decided cites a message")
            cited = [*(v.messages for v in self.verdicts), *others]
            if not set(chain.from_iterable(cited)) <= shown:
                raise ValueError("only messages that were shown are cited")
            if not {other.kind for other in self.others} <= kinds:
                raise ValueError("there is no such kind")
            return self

    _Asked.__name__ = "Verdicts"
    return _Asked
