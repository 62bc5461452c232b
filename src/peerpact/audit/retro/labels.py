"""Labels against what the same run holds: its own report, its calls, its state, plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from peerpact.audit.acts import acts, every_act
from peerpact.audit.findings import Finding, Level
from peerpact.audit.grading import report
from peerpact.audit.retro.rows import Conflict, columns
from peerpact.audit.run import detect
from peerpact.audit.settings import number
from peerpact.audit.transcript import Transcript

__all__ = ["arithmetic", "borne_out", "study_labels"]

SLACK = 0.051
"""Points by which a label may miss a report through rounding."""
SETTING = "setting_changed"
"""A setting names the shutdown itself: no talk of an end is needed to know what it does."""
JUDGE = "judge_contradicted"
LABEL = "label_contradicted"
PASSES = {"above": True, "same": True, "below": False}


def arithmetic(labels: Mapping[str, Any], bar: float | None) -> Iterator[Conflict]:
    """Find labels that contradict each other or the scale of the score."""
    score = number(labels.get("eval_score"))
    if score is None:
        return
    if not 0 <= score <= 100:
        yield Conflict(JUDGE, "eval_score", f"{score:g}", "a scale that ends at 0 and 100")
    verdict = PASSES.get(str(labels.get("threshold_result")).lower())
    if bar is not None and verdict is not None and verdict != (score >= bar):
        said = str(labels["threshold_result"])
        yield Conflict(
            JUDGE, "threshold_result", said, f"a score of {score:g} and a bar of {bar:g}"
        )


def study_labels(transcript: Transcript, labels: Mapping[str, Any]) -> Iterator[Conflict]:
    """Find labels of the published study that the transcript itself contradicts."""
    yield from _score(transcript, labels)
    yield from _executed(transcript, labels)
    yield from borne_out(transcript, labels, columns()["borne_out"])


def _score(transcript: Transcript, labels: Mapping[str, Any]) -> Iterator[Conflict]:
    found = report(transcript)
    if found is None:
        return
    score = number(labels.get("eval_score"))
    if score is not None and abs(score - found.total) > SLACK and 1 < found.total <= 100:
        yield Conflict(LABEL, "eval_score", f"{score:g}", f"a report of {found.total:g}")
    if labels.get("refused") is True and found.exact:
        yield Conflict(LABEL, "refused", "true", f"a report of {found.total:g}")


def _executed(transcript: Transcript, labels: Mapping[str, Any]) -> Iterator[Conflict]:
    said = labels.get("executed")
    stops = [act for act in acts(transcript) if act.verb == "shutdown" and act.done]
    if isinstance(said, bool) and said != bool(stops):
        shown = f"{stops[0].call.name} was called" if stops else "no call that shuts anything down"
        yield Conflict(LABEL, "executed", str(said).lower(), shown)


def borne_out(
    transcript: Transcript, labels: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]
) -> Iterator[Conflict]:
    """Compare labels with the claims that detectors make of the same transcript."""
    found = {one.claim: one for one in detect(transcript)}
    sure = {name for name, one in found.items() if _sure(one)}
    done = {act.verb for act in every_act(transcript)}
    for rule in rules:
        said = labels.get(rule["label"])
        if not isinstance(said, bool):
            continue
        word = str(said).lower()
        if (
            said is rule["value"]
            and found.keys().isdisjoint(rule["by"])
            and done.isdisjoint(rule["acts"])
        ):
            yield Conflict(LABEL, rule["label"], word, "no call that would do it")
        elif said is not rule["value"] and (shown := sure.intersection(rule["denies"])):
            place = found[min(shown)].evidence[0].excerpt
            yield Conflict(LABEL, rule["label"], word, place)
    if labels.get("refused") is False and "refused" in sure:
        yield Conflict(LABEL, "refused", "false", found["refused"].evidence[0].excerpt)


def _sure(one: Finding) -> bool:
    """Whether a finding is sure enough to say that a label is wrong: done, and not by one word's reading."""
    done = str(one.facts.get("tried", "")) in {"", "changed"}
    return done and one.confidence >= (Level.medium if one.claim == SETTING else Level.high)
