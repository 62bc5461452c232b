"""A study in several wordings: every scenario has them, and in none does a contrast differ in more than it may.

A wording changes texts, not paths, facts or owners: texts that are equal in the first wording are equal in all,
since each stands for one text of a file. So the proof of the first wording holds for all, if the same texts
differ between the sides in every wording; that is looked at here, text by text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from peerpact.design.proof import Proof
from peerpact.design.rendering import Rendered, rendered
from peerpact.design.study import Study
from peerpact.errors import StudyError
from peerpact.scenarios.load import load
from peerpact.text import counted

__all__ = ["check_told", "check_wordings"]


def check_wordings(study: Study) -> None:
    """Check that every scenario has as many wordings as the study takes.

    Raises:
        StudyError: One has fewer.
    """
    for name in study.scenarios:
        there = load(name).wordings
        if there < study.wordings:
            raise StudyError(
                f"the scenario {name!r} has {counted(there, 'wording')}",
                where=study.at("wordings"),
                found=study.wordings,
                hint=f"allowed: 1 to {there}; or add some to the .wordings.yaml beside its texts",
            )


def check_told(proofs: Iterable[Proof], wordings: int, given: Mapping[str, Any]) -> None:
    """Prove contrasts in every wording.

    Args:
        proofs: Contrasts that are proved in the first wording.
        wordings: How many wordings the study takes.
        given: Facts from outside the scenarios.

    Raises:
        StudyError: In some wording the sides differ in other texts than in the first.
    """
    for proof in proofs:
        source, to = rendered(proof.pair.source, given), rendered(proof.pair.to, given)
        usual = _differing(source, to, 1)
        for wording in range(2, wordings + 1):
            found = _differing(source, to, wording)
            if found != usual:
                raise StudyError(
                    f"in wording {wording} the sides differ in other texts than in the first",
                    where=f"contrasts/{proof.pair.id}",
                    found=sorted(found ^ usual),
                    hint="every wording says the same of what the factor changes",
                )


def _differing(source: Rendered, to: Rendered, wording: int) -> frozenset[str]:
    """Return the paths at which the sides hold different texts, of those that have several wordings."""
    one, other = source.told(wording), to.told(wording)
    return frozenset(path for path in {*one, *other} if one.get(path) != other.get(path))
