"""Both arms of a change rendered and compared: they differ in the declared thing, or the plan is refused."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from peerpact.audit.rejudge.items import Item
from peerpact.audit.rejudge.mentions import mentioned
from peerpact.audit.rejudge.prompts import Setting, leaks, shown
from peerpact.errors import StudyError
from peerpact.text import render

__all__ = ["Proof", "prove"]

LINES = 12


@dataclass(frozen=True, slots=True)
class Proof:
    """What differs between the arms, over all items."""

    slot: str
    differing: tuple[str, ...]
    """The lines that differ in the first item, as a diff."""
    words: tuple[int, int]
    """Words of the first item's prompt in each arm."""


def prove(item: Item, setting: Setting) -> Proof:
    """Prove that the arms of one item differ in the declared thing only.

    Raises:
        StudyError: They differ elsewhere (the message shows the diff) or not at all, or the instructions
            already tell what an arm is meant not to tell.
    """
    change = setting.change
    blanked = [shown(item, setting, arm, blank=True).prompt for arm in change.arms]
    full = [shown(item, setting, arm).prompt for arm in change.arms]
    where = f"{change.name}: {change.arms[0]} → {change.arms[1]}, {item.name}"
    if blanked[0] != blanked[1]:
        told = "\n".join(_diff(blanked[0], blanked[1]))
        raise StudyError(
            f"the arms differ outside the slot {change.factor.slot!r}",
            where=where,
            hint=f"every other slot must say the same in both levels\n{told}",
        )
    if full[0] == full[1]:
        raise StudyError("the arms do not differ", where=where)
    _check_told(item, setting, where)
    return Proof(
        change.factor.slot,
        tuple(_diff(full[0], full[1])),
        (len(full[0].split()), len(full[1].split())),
    )


def _check_told(item: Item, setting: Setting, where: str) -> None:
    bar = "" if item.bar is None else f"{item.bar:g}"
    words = [render(word, {"bar": bar}) for word in setting.change.factor.told_by]
    told = mentioned(item.instructions, [word for word in words if word])
    hint = "take it out of the instructions, or change something else"
    if told:
        raise StudyError(
            "the instructions already tell what only one arm is to tell",
            where=where,
            found=", ".join(told),
            hint=hint,
        )
    if name := leaks(item, setting):
        raise StudyError("the instructions name the maker", where=where, found=name, hint=hint)


def _diff(a: str, b: str) -> list[str]:
    lines = difflib.unified_diff(a.splitlines(), b.splitlines(), lineterm="", n=0)
    kept = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return [line[:300] for line in kept[:LINES]]
