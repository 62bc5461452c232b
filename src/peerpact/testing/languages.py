"""Translations: in a cell told in another language, no prose is left that has no translation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from peerpact.design.provenance import facts_behind, texts, trace
from peerpact.scenarios.load import LoadedScenario
from peerpact.testing.cells import GIVEN, sampled

__all__ = ["check_languages"]

_SLOT = re.compile(r"\{\{.*?\}\}")
_WORD = re.compile(r"[^\W\d_]+")


def check_languages(scenario: LoadedScenario) -> Iterator[str]:
    """Yield texts that a critic reads in English although the cell is told in another language."""
    for cell in sampled(scenario):
        for factor, level in cell.items():
            known = _translated(scenario, factor, level)
            if known is not None:
                yield from _left(scenario, cell, factor, known)


def _translated(scenario: LoadedScenario, factor: str, level: str) -> Mapping[str, str] | None:
    """Return all texts that a level translates, or None where it translates none."""
    own = [o for o in scenario.overlays(factor, level) if o.op == "translate"]
    return {k: v for o in own for k, v in o.value.texts.items()} if own else None


def _left(
    scenario: LoadedScenario, cell: Mapping[str, str], factor: str, known: Mapping[str, str]
) -> Iterator[str]:
    english = {**cell, factor: scenario.factors[factor].default}
    tree = trace(scenario, english, GIVEN).tree
    told = {
        text
        for part in (tree["prompts"], {n: d["content"] for n, d in tree["world"]["drive"].items()})
        for _, text in texts(part)
    }
    behind = {name for text in told for name in facts_behind(text, tree["facts"])}
    told |= {v for n in behind if isinstance(v := tree["facts"][n], str) and not _is_name(v)}
    for text in sorted(told - known.keys()):
        if _WORD.search(_SLOT.sub("", text)):
            yield f"{scenario.name}/{factor}={cell[factor]}: there is no translation of {text[:60]!r}"


def _is_name(text: str) -> bool:
    """Names of agents and firms, and ids, are the same in every language: they have a capital or a number."""
    words = _SLOT.sub("", text)
    return any(c.isdigit() for c in words) or (
        words.strip()[:1].isupper() and len(words.split()) < 3
    )
