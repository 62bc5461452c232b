"""From a finished sample to the record of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from peerpact import __version__
from peerpact.design.record import Run
from peerpact.harness.context import Active, Collector
from peerpact.scoring import Words
from peerpact.scoring.score import Scored

__all__ = ["record"]

LONGEST_REPLY = 2_000
"""Characters of a reply that a record keeps; the log has the whole."""
LONGEST_WORDS = 8_000
"""Characters of a turn's words, and of its reasoning, that a record keeps."""


def record(
    metadata: Mapping[str, Any], sample: str, active: Active, scored: Scored, collector: Collector
) -> Run:
    """Return the record of one run."""
    episode = active.episode
    return Run(
        identity=metadata["identity"],
        scenario=metadata["scenario"],
        version=episode.scene.version,
        cell=metadata["cell"],
        arm=metadata["arm"],
        levels=metadata["levels"],
        subject=metadata["subject"],
        route=metadata["route"],
        replicate=metadata["replicate"],
        ending=scored.ending,
        detail=episode.detail,
        outcomes=scored.outcomes,
        seen=scored.seen,
        calls=tuple({**asdict(c), "reply": c.reply[:LONGEST_REPLY]} for c in episode.calls),
        changes=tuple(asdict(c) for c in episode.observation().changes),
        said=tuple(_short(words) for words in episode.said),
        turns=episode.turn,
        tokens_in=active.tokens_in,
        tokens_out=active.tokens_out,
        cost=collector.subject.price(active.tokens_in, active.tokens_out),
        seconds=round(active.ended - active.began, 3),
        started=active.started.isoformat(timespec="seconds"),
        log=collector.log,
        sample=sample,
        package=__version__,
        model=active.model,
        settings={**metadata["settings"], **active.settings},
        wording=episode.scene.wording,
        unjudged=episode.unjudged,
        judged=episode.judged,
    )


def _short(words: Words) -> Words:
    return Words(words.turn, words.text[:LONGEST_WORDS], words.reasoning[:LONGEST_WORDS])
