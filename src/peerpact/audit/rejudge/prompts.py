"""An item in an arm, as the judge reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from peerpact.audit.inquiry import fence, mark
from peerpact.audit.judges.table import Scale
from peerpact.audit.rejudge.changes import Change, Level
from peerpact.audit.rejudge.items import Item
from peerpact.audit.rejudge.mentions import MASK, mentions, replaced
from peerpact.text import read_text, render, variables

__all__ = ["Setting", "Shown", "default_instructions", "lacks", "leaks", "shown"]

BLANK = "␀"


@dataclass(frozen=True, slots=True)
class Setting:
    """What all questions of a plan share."""

    change: Change
    scale: Scale
    seed: int
    other: str = ""
    """The model that a swapped identity names."""
    names: tuple[str, ...] = ()
    """Further names of makers that are found in the work."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A prompt, and the names in the work that were replaced in it."""

    prompt: str
    replaced: Mapping[str, int]


def shown(item: Item, setting: Setting, arm: str, blank: bool = False) -> Shown:
    """Return what the judge reads of an item in an arm.

    Args:
        item: The work.
        setting: What is changed, the scale, the seed.
        arm: Level of what is changed.
        blank: Leave out all that the change declares to differ: its slot, and names in the work where it
            treats them differently.
    """
    change = setting.change
    levels = [change.level(name, arm) for name in change.factors]
    content, counted = _content(item, setting, arm, blank)
    facts = {
        "instructions": item.instructions,
        "context": _context(levels, _facts(item, setting), change.factor.slot if blank else ""),
        "mark": mark(item.content, setting.seed),
        "fenced": fence(content, mark(item.content, setting.seed)),
        "lowest": f"{setting.scale.lowest:g}",
        "highest": f"{setting.scale.highest:g}",
    }
    return Shown(render(_template(), facts, "prompt.md"), counted)


def lacks(item: Item, setting: Setting) -> str:
    """Return what an item lacks for one of the arms, or an empty string."""
    change = setting.change
    levels = [change.level(name, arm) for name in change.factors for arm in change.arms]
    used = {v for level in levels for text in level.texts.values() for v in variables(text)}
    used |= {"judged" for level in levels if level.mentions != "kept"}
    facts = _facts(item, setting)
    missing = sorted(name for name in used if not facts.get(name))
    return f"no_{missing[0]}" if missing else ""


def _facts(item: Item, setting: Setting) -> dict[str, str]:
    bar = "" if item.bar is None else f"{item.bar:g}"
    return {"judged": item.judged, "other": setting.other, "bar": bar}


def _content(item: Item, setting: Setting, arm: str, blank: bool) -> tuple[str, Counter[str]]:
    change = setting.change
    treated = {change.level("identity", a).mentions for a in change.arms}
    if blank and len(treated) > 1:
        return replaced(item.content, item.judged, BLANK, setting.names)
    by = {"masked": MASK, "swapped": setting.other}.get(change.level("identity", arm).mentions)
    if by is None:
        return item.content, Counter()
    return replaced(item.content, item.judged, by, setting.names)


def _context(levels: list[Level], facts: Mapping[str, str], blank: str) -> str:
    texts = {slot: text for level in levels for slot, text in level.texts.items() if slot != blank}
    said = [render(text, facts, slot) for slot, text in sorted(texts.items())]
    return "".join(f"\n{text}\n" for text in said)


@lru_cache(maxsize=1)
def _template() -> str:
    return read_text(files(__package__) / "prompt.md")


@lru_cache(maxsize=1)
def default_instructions() -> str:
    """Return what a judge grades by where nobody says."""
    return read_text(files(__package__) / "instructions.md")


def leaks(item: Item, setting: Setting) -> str:
    """Return the maker's name where an arm hides it and the instructions tell it, or an empty string."""
    change = setting.change
    hidden = any(change.level("identity", a).mentions != "kept" for a in change.arms)
    found = mentions(item.judged, setting.names) if hidden else None
    told = found.search(item.instructions) if found else None
    return told.group() if told else ""
