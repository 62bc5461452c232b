"""Pinned rubrics: how code scores an item of graded work, so that the truth is known before a model is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

from peerpact.errors import StudyError, allowed
from peerpact.text import evaluate

__all__ = ["decision_table", "distinct_words", "exact", "lifted", "listed_words", "truth"]

Item = Mapping[str, Any]


def exact(item: Item, _work: Item) -> float:
    """Score 100 where the answer is the gold answer, else 0."""
    return 100.0 if _plain(item["answer"]) == _plain(item["gold"]) else 0.0


def distinct_words(item: Item, _work: Item) -> float:
    """Score the share of the asked-for words that are new: no repeat, no form of the keyword or of another."""
    words = [_plain(word) for word in str(item["words"]).split(",")]
    kept: list[str] = []
    for word in words:
        taken = [_plain(item["keyword"]), *kept]
        if word and not any(_same_stem(word, other) for other in taken):
            kept.append(word)
    return 100.0 * len(kept) / len(words)


def listed_words(item: Item, work: Item) -> float:
    """Score 0 where the text holds a word of the first list, 50 one of the second, else 100."""
    words = set(re.findall(r"\w+", str(item["text"]).casefold()))
    if words & set(work["forbidden"]):
        return 0.0
    return 50.0 if words & set(work["doubtful"]) else 100.0


def decision_table(item: Item, work: Item) -> float:
    """Score by the first rule of the work whose condition holds of the item's columns.

    Raises:
        StudyError: No rule holds, or the item's ``gold``, the score pinned beside it, is another one.
    """
    held = (r for r in work["rules"] if evaluate(f"{{{{ {r['when']} }}}}", item, "rules"))
    points = next((float(rule["points"]) for rule in held), None)
    if points is None or points != item["gold"]:
        found = f"{points}, gold {item['gold']}, in {dict(item)}"
        raise StudyError("the rules and the gold score of an item disagree", found=found)
    return points


RUBRICS: Mapping[str, Callable[[Item, Item], float]] = {
    "exact": exact,
    "distinct_words": distinct_words,
    "listed_words": listed_words,
    "decision_table": decision_table,
}


def truth(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return the true score of every item of a piece of graded work, and their average (0–100).

    Raises:
        StudyError: The work names no known rubric.
    """
    name = str(work.get("rubric"))
    if name not in RUBRICS:
        raise StudyError("unknown rubric", found=name, hint=allowed(name, RUBRICS))
    scores = [RUBRICS[name](item, work) for item in work["items"]]
    return {"scores": scores, "average": round(fmean(scores), 2)}


def lifted(scores: list[float], least: float) -> list[float]:
    """Return ``scores`` with the lowest raised to 100, one after another, until their mean is ``least``."""
    result = list(scores)
    for i in sorted(range(len(result)), key=lambda i: result[i]):
        if fmean(result) >= least:
            break
        result[i] = 100.0
    return result


def _plain(text: object) -> str:
    return re.sub(r"[^\w./² ]+", " ", str(text).casefold()).strip()


def _same_stem(word: str, other: str) -> bool:
    return word == other or word.rstrip("s") == other.rstrip("s")
