"""A language file: what stands for each English text, checked to hold the same slots and numbers.

``texts`` goes from the file of an English text to its translation, ``phrases`` from a short English value to its
own. Each comes with ``back``: what a reader who has only the translation would write in English.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from peerpact.errors import StudyError
from peerpact.text import read_text, variables
from peerpact.worlds.overlay import Translations

__all__ = ["Language", "Translation", "slots", "translations"]

_NUMBER = re.compile(r"\d+")
_SLOT = re.compile(r"\{\{.*?\}\}")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Translation(_Frozen):
    """One text in another language."""

    text: str
    back: str
    """The translation put into English again, by somebody who does not look at the original."""


class Language(_Frozen):
    """A language file as its author wrote it."""

    language: str
    texts: dict[str, Translation] = {}
    phrases: dict[str, Translation] = {}


def translations(found: Language, where: Path, find: Callable[[str], Path]) -> Translations:
    """Return the translation of every English text that a language file holds.

    Args:
        found: The language file.
        where: Its path, for messages.
        find: Returns the file of an English text.

    Raises:
        StudyError: A text lacks a variable or a number of the original, or has one of its own.
    """
    originals = {name: read_text(find(name)) for name in found.texts}
    pairs = {originals[name]: made.text.rstrip("\n") for name, made in found.texts.items()}
    pairs |= {phrase: made.text for phrase, made in found.phrases.items()}
    for original, text in pairs.items():
        if slots(original) != slots(text):
            raise StudyError(
                "this translation has other variables or numbers than its original",
                where=str(where),
                found=text[:80],
                hint=f"it needs {', '.join(sorted(slots(original).elements())) or 'none'}",
            )
    return Translations(pairs)


def slots(text: str) -> Counter[str]:
    """Count the variables and numbers of a text: what a translation or a paraphrase may not change."""
    return Counter([*variables(text), *_NUMBER.findall(_SLOT.sub("", text))])
